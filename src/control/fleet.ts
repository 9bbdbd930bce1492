import type { ScheduleStore } from './store.js'

/** A live worker of the fleet. */
export interface WorkerView {
  /** Random id of the worker, new with each start. */
  id: string
  /** Host name of its machine. */
  host: string
  /** Process id. */
  pid: number
  /** Version of Everybeat. */
  version: string
  /** Version of Node.js. */
  node: string
  /** Version of the time-zone data it computes with. */
  tz: string
  /** The pool whose schedules it runs. */
  pool: string
  /** Names of its registered tasks. */
  tasks: string[]
  /** Most runs at the same time on this worker. */
  concurrency: number
  /** Number of its runs at its last heartbeat. */
  running: number
  /** Its wall clock minus Redis's, ms. */
  skewMs: number
  /** When it joined the fleet, by Redis's clock. */
  startedAt: Date
  /** When Redis received its last heartbeat. */
  lastSeenAt: Date
  /** Time since its last heartbeat, ms; a live worker sends one every 5 s. */
  silentMs: number
}

/** Time without a heartbeat after which a worker is not listed any more, ms. */
export const ALIVE_MS = 15_000

function parseTasks(text: string | undefined): string[] {
  try {
    const tasks = JSON.parse(text ?? '[]') as unknown
    return Array.isArray(tasks) ? tasks.map(String) : []
  } catch {
    return []
  }
}

/** Lists the live workers, in the order of their ids. */
export async function readFleet(store: ScheduleStore): Promise<WorkerView[]> {
  const workers = await store.workers()
  return workers
    .filter(({ beatMs, nowMs, fields }) => nowMs - beatMs < ALIVE_MS && fields.host !== undefined)
    .map(({ id, fields, beatMs, nowMs }) => ({
      id,
      host: fields.host ?? '',
      pid: Number(fields.pid ?? 0),
      version: fields.version ?? '',
      node: fields.node ?? '',
      tz: fields.tz ?? '',
      pool: fields.pool ?? 'default',
      tasks: parseTasks(fields.tasks),
      concurrency: Number(fields.concurrency ?? 0),
      running: Number(fields.running ?? 0),
      skewMs: Number(fields.skewMs ?? 0),
      startedAt: new Date(Number(fields.startedAt ?? 0)),
      lastSeenAt: new Date(beatMs),
      silentMs: Math.max(0, nowMs - beatMs),
    }))
    .sort((left, right) => (left.id < right.id ? -1 : 1))
}
