import { EventEmitter } from 'node:events'
import { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { EVENT_NAMES, Everybeat } from '../../src/index.js'
import type { EverybeatEvents, EverybeatOptions, HistoryEntry, Run } from '../../src/index.js'
import { uniquePrefix } from './redis.js'
import { WAIT_MS, waitFor } from './wait-for.js'

/** An event of one worker of the fleet, in the order of arrival. */
export interface Told<Name extends keyof EverybeatEvents = keyof EverybeatEvents> {
  readonly worker: number
  readonly name: Name
  readonly event: Parameters<EverybeatEvents[Name]>[0]
}

/** Workers of one fleet in this process, each with connections of its own, and their events. */
export interface PolicyFleet {
  readonly prefix: string
  readonly workers: readonly Everybeat[]
  /** An instance that is never started: it writes and reads. */
  readonly control: Everybeat
  readonly redis: Redis
  /** Every event of every worker. */
  readonly told: readonly Told[]
  /** The first event, past or to come, that fits. */
  next<Name extends keyof EverybeatEvents>(
    name: Name,
    fits?: (event: Parameters<EverybeatEvents[Name]>[0], worker: number) => boolean,
    timeoutMs?: number,
  ): Promise<Parameters<EverybeatEvents[Name]>[0] & { by: number }>
  key(kind: string, name?: string): string
  start(): Promise<void>
  /** After a test that made it, this happens by itself. */
  stop(): Promise<void>
  /** One more worker, not started. */
  add(options?: EverybeatOptions): Everybeat
  /** The history, oldest first, when it has at least this number of entries. */
  history(name: string, count: number, timeoutMs?: number): Promise<HistoryEntry[]>
  /** Makes a schedule look as if no worker had claimed it since its instant `firstMs`. */
  makeOverdue(name: string, firstMs: number): Promise<void>
}

export interface PolicyFleetOptions extends EverybeatOptions {
  workers?: number
  /** Registers the tasks of a worker. */
  tasks?: (beat: Everybeat, worker: number) => void
}

/** Creates a fleet of two workers with short leases; it is stopped after the test. */
export function createFleet(url: string, options: PolicyFleetOptions = {}): PolicyFleet {
  const { workers: count = 2, tasks, ...rest } = options
  const prefix = rest.prefix ?? uniquePrefix('policy')
  const common = { redis: url, prefix, leaseMs: 1_000, logger: false, ...rest } as const
  const told: Told[] = []
  const news = new EventEmitter().setMaxListeners(0)
  const workers: Everybeat[] = []
  const control = new Everybeat(common)
  const redis = new Redis(url, { maxRetriesPerRequest: null })
  redis.on('error', () => {})
  const add = (more: EverybeatOptions = {}): Everybeat => {
    const beat = new Everybeat({ ...common, ...more })
    const worker = workers.push(beat) - 1
    for (const name of EVENT_NAMES) {
      beat.on(name, (...[event]: unknown[]) => {
        told.push({ worker, name, event } as Told)
        news.emit('told')
      })
    }
    tasks?.(beat, worker)
    return beat
  }
  for (let index = 0; index < count; index++) add()
  const stop = async (): Promise<void> => {
    await Promise.all([...workers, control].map((beat) => beat.stop({ timeoutMs: 0 })))
    redis.disconnect()
  }
  try {
    onTestFinished(stop)
  } catch {
    // Made by a hook, which stops it itself.
  }
  const key = (kind: string, name?: string) => `{${prefix}}:${kind}${name === undefined ? '' : `:${name}`}`
  return {
    prefix,
    workers,
    control,
    redis,
    told,
    key,
    add,
    stop,
    async next(name, fits = () => true, timeoutMs = WAIT_MS) {
      let seen = 0
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          news.off('told', look)
          const last = told.slice(-15).map((entry) => `${entry.worker} ${entry.name} ${JSON.stringify(entry.event)}`)
          reject(new Error(`no matching ${name} within ${timeoutMs} ms; last events:\n${last.join('\n')}`))
        }, timeoutMs)
        function look(): void {
          for (; seen < told.length; seen++) {
            const entry = told[seen]!
            if (entry.name !== name || !fits(entry.event as never, entry.worker)) continue
            clearTimeout(timer)
            news.off('told', look)
            return resolve({ ...entry.event, by: entry.worker } as never)
          }
        }
        news.on('told', look)
        look()
      })
    },
    start: async () => void (await Promise.all(workers.map((beat) => beat.start()))),
    async history(name, least, timeoutMs = WAIT_MS) {
      return await waitFor(
        async () => {
          const entries = await control.schedules.history(name)
          return entries.length >= least && entries.reverse()
        },
        { what: `${least} entries in the history of ${name}`, timeoutMs },
      )
    },
    async makeOverdue(name, firstMs) {
      await redis.hset(key('state', name), { plan: String(firstMs), last: String(firstMs - 1) })
      await redis.zadd(key('due'), firstMs, name)
      await redis.publish(key('wake'), `head ${firstMs} 1`)
    },
  }
}

/** A promise that the test resolves. */
export interface Gate {
  readonly opened: Promise<void>
  open(): void
}

/** Creates a gate that handlers can wait at. */
export function createGate(): Gate {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

/** A handler's wait that ends with the gate, or by rejecting when the run's signal aborts. */
export async function untilAborted(run: Pick<Run, 'signal'>, gate?: Gate): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = () => reject(run.signal.reason as Error)
    if (run.signal.aborted) stop()
    run.signal.addEventListener('abort', stop)
    void gate?.opened.then(resolve)
  })
}
