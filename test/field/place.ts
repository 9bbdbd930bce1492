import { Redis } from 'ioredis'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { startRedisServer, type RedisServer } from '../../src/testing/redis-server.js'
import { startWorkerProcess, type WorkerProcess } from '../support/worker-child.js'

const FIXTURE = new URL('../support/fixtures/beat-worker.mjs', import.meta.url)

/** What a worker process of an entry is. */
export interface WorkerSettings {
  readonly options: EverybeatOptions
  /** The definitions that its code declares for its task `work`, by name. */
  readonly declare?: Readonly<Record<string, object>>
}

/** Servers, worker processes and clients of one entry; all of them end with it. */
export class Place implements AsyncDisposable {
  /** What ends each of them, in the order of their beginnings. */
  readonly #ends: (() => unknown)[] = []

  /** Starts a Redis server without persistence, unless its arguments say otherwise. */
  async server(args: readonly string[] = []): Promise<RedisServer> {
    const server = await startRedisServer({ args })
    this.#ends.push(() => server.stop())
    return server
  }

  /** Starts a worker process that reports each start of a run, and its `error` events. */
  async worker({ options, declare = {} }: WorkerSettings): Promise<WorkerProcess> {
    const settings = { options, declare, tellRuns: true, tellEvents: true }
    return await startWorkerProcess({ fixture: FIXTURE, settings }, (worker) => this.#ends.push(() => worker.kill()))
  }

  /** Makes an instance in this process: a control client, until it is started. */
  instance(options: EverybeatOptions): Everybeat {
    const beat = new Everybeat({ logger: false, ...options })
    this.#ends.push(() => beat.stop({ timeoutMs: 0 }))
    return beat
  }

  /** Opens a plain client. */
  client(url: string): Redis {
    const client = new Redis(url, { maxRetriesPerRequest: null }).on('error', () => {})
    this.#ends.push(() => client.disconnect())
    return client
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.reverse()) await end()
  }
}

/** The instants of the runs of a schedule that worker processes have started. */
export function startsOf(schedule: string, ...workers: readonly WorkerProcess[]): number[] {
  return workers.flatMap(({ journal }) =>
    journal
      .filter(({ event, schedule: name }) => event === 'start' && name === schedule)
      .map(({ scheduledAt }) => Number(scheduledAt)),
  )
}
