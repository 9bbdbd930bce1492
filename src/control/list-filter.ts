import type { ScheduleView } from './schedule-view.js'

/** Which schedules a list shows. */
export interface ListFilter {
  /** A glob on the name: `*` any text, `?` one character. */
  match?: string | undefined
  task?: string | undefined
  tag?: string | undefined
  owner?: string | undefined
}

/** Makes the test of a filter. */
export function createFilter({ match, task, tag, owner }: ListFilter): (view: ScheduleView) => boolean {
  const pattern =
    match === undefined
      ? null
      : new RegExp(
          `^${match
            .replace(/[.+^${}()|[\]\\]/g, '\\$&')
            .replace(/\*+/g, '.*')
            .replace(/\?/g, '.')}$`,
          'su',
        )
  return (view) =>
    (pattern === null || pattern.test(view.name)) &&
    (task === undefined || (view.task ?? view.name) === task) &&
    (tag === undefined || (Array.isArray(view.tags) && view.tags.includes(tag))) &&
    (owner === undefined || view.owner === owner)
}
