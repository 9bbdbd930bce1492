import type { Task } from './run/task.js'

/** The facts about a worker and its fleet in the log line of a join. */
export interface StartedWorker {
  readonly id: string
  readonly fleetSize: number
  /** When the next occurrence is due, epoch ms; null when none is planned. */
  readonly nextDueMs: number | null
}

/** The log line of a worker that has joined its fleet, and its details. */
export function describeStart(
  { id, fleetSize, nextDueMs }: StartedWorker,
  pool: string,
  tasks: ReadonlyMap<string, Task>,
): [message: string, details: object] {
  const names = [...tasks.keys()]
  const next = nextDueMs === null ? null : new Date(nextDueMs).toISOString()
  const runs = names.length === 0 ? 'no task' : `the ${names.length === 1 ? 'task' : 'tasks'} ${listOf(names)}`
  const when = next === null ? 'nothing is planned' : `the next occurrence is due at ${next}`
  const message = `worker ${id} joined a fleet of ${fleetSize} in pool ${pool} with ${runs}; ${when}`
  return [message, { worker: id, fleetSize, pool, tasks: names, next }]
}

/** The first 10 names, and the number of the others. */
function listOf(names: readonly string[]): string {
  const shown = names.slice(0, 10).join(', ')
  return names.length > 10 ? `${shown} and ${names.length - 10} more` : shown
}
