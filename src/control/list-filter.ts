import type { ScheduleState, ScheduleView } from './schedule-view.js'

/** Which schedules a list shows. */
export interface ListFilter {
  /** A glob on the name: `*` any text, `?` one character. */
  match?: string | undefined
  /** Only schedules of this task. */
  task?: string | undefined
  /** Only schedules that carry this tag. */
  tag?: string | undefined
  /** Only schedules of this owner. */
  owner?: string | undefined
  /** Only schedules in this state. */
  state?: ScheduleState | undefined
}

/** Makes the test of a filter. */
export function createFilter({ match, task, tag, owner, state }: ListFilter): (view: ScheduleView) => boolean {
  const pattern = match === undefined ? null : [...match.replace(/\*+/g, '*')]
  return (view) =>
    (pattern === null || matchesGlob(pattern, [...view.name])) &&
    (state === undefined || view.state === state) &&
    (task === undefined || (view.task ?? view.name) === task) &&
    (tag === undefined || (Array.isArray(view.tags) && view.tags.includes(tag))) &&
    (owner === undefined || view.owner === owner)
}

/**
 * Whether a name matches the pattern. When a character does not match, the last `*` takes one more character. Earlier
 * `*` never need to change, so the time is bounded by the product of the lengths.
 */
function matchesGlob(pattern: readonly string[], name: readonly string[]): boolean {
  let [at, position, star, resume] = [0, 0, -1, 0]
  while (position < name.length) {
    if (pattern[at] === '*') {
      star = at++
      resume = position
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[position])) {
      at++
      position++
    } else if (star >= 0) {
      at = star + 1
      position = ++resume
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}
