import type { Definition } from '../schedule/definition.js'
import type { Editor } from '../schedule/stored-change.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'
import type { ScheduleStore } from './store.js'

/** How to treat the orphans of an owner: its schedules that are not declared any more. */
export interface Pruning {
  readonly owner: string
  readonly prune: 'report' | 'pause' | 'remove'
  readonly declared: ReadonlyMap<string, Definition>
  readonly editor: Editor
}

const PAGE = 500

/** Finds the orphans of an owner, and pauses or removes them as `prune` says. */
export async function pruneOrphans(
  store: ScheduleStore,
  { owner, prune, declared, editor }: Pruning,
  result: { orphaned: string[]; paused: string[]; removed: string[] },
): Promise<void> {
  for (let cursor: string | null = null; ;) {
    const page = await store.page(cursor, PAGE)
    const orphans = page.schedules.filter(({ name, fields }) => fields.owner === owner && !declared.has(name))
    const names = orphans.map(({ name }) => name)
    result.orphaned.push(...names)
    if (prune === 'pause') {
      // A schedule that is paused already keeps its pause: the pause of a person has its own note and end.
      const pause = { note: orphanNote(owner), untilMs: null, editor, ifActive: true }
      const replies = await Promise.all(names.map((name) => store.pause(name, pause)))
      result.paused.push(...names.filter((_, index) => replies[index]!.outcome === 'paused'))
    } else if (prune === 'remove') {
      await Promise.all(names.map((name) => store.remove(name, owner)))
      result.removed.push(...names)
    }
    cursor = page.cursor
    if (cursor === null) return
  }
}

/** Whether a sync has paused the schedule as an orphan. */
export function isPausedBySync({ state }: StoredSchedule, note: string): boolean {
  if (state.paused === undefined) return false
  try {
    const pause = JSON.parse(state.paused) as { note?: unknown; via?: unknown }
    return pause.note === note && pause.via === 'sync'
  } catch {
    return false
  }
}

/** The note of the pause of an orphan. */
export function orphanNote(owner: string): string {
  return `no longer declared by ${owner}`
}
