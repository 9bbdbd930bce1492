import type { Redis } from 'ioredis'
import type { Everybeat, Run } from '../../src/index.js'
import { createKeys } from '../../src/redis/keys.js'
import {
  createSurroundings,
  type Surroundings,
  type SurroundingsOptions,
} from '../../src/testing/fleet/surroundings.js'
import { TestFleet } from '../../src/testing/fleet/test-fleet.js'
import { type JournalLine, type Span, toSpans } from '../chaos/harness/journal.js'
import { createRandom } from '../chaos/harness/random.js'
import { createRedisTime, type RedisTime } from '../chaos/harness/redis-time.js'
import { START_MS, type Scenario } from './scenario.js'

export const PREFIX = 'simulation'
/** What the monotonic clock of a fleet begins at, ms. */
const MONOTONIC_START_MS = 1_000_000
/** How long a fleet may take to do what it missed during a fault, ms. */
const CATCHING_UP_MS = 75_000
/** How long a worker that leaves waits for its runs, ms. */
const STOP_MS = 5_000

/** What the store of a fleet runs scripts in, and what in place of them; by default neither is another than in Redis. */
export type Engine = Pick<SurroundingsOptions, 'rewriteScript' | 'lua'>

/** A worker with what befell it. */
export interface SimulatedWorker {
  readonly index: number
  readonly name: string
  readonly beat: Everybeat
  readonly lines: JournalLine[]
  diedAt: number | null
  /** Times in which it stood still; the last one may be open. */
  readonly frozen: { from: number; to: number }[]
  isFrozen: boolean
  isCut: boolean
}

/** A span of time, ms. */
export interface Loss {
  readonly fromMs: number
  readonly toMs: number
  /** When a flush came, by the clock of the store: claims from before are not known any more. */
  readonly flushedAtMs?: number
}

/** The fleet of a scenario, with all that was noted of it. */
export class SimulatedFleet implements AsyncDisposable {
  readonly surroundings: Surroundings
  readonly fleet: TestFleet
  readonly time: RedisTime
  readonly scenario: Scenario
  readonly workers: SimulatedWorker[] = []
  /** Times in which the store had lost what it held, or a part of it. */
  readonly dataLoss: Loss[] = []
  /** Times of which the store has lost every write. */
  readonly lostWrites: Loss[] = []
  /** When faults struck, and until when they lasted, by the monotonic clock. */
  readonly troubles: Loss[] = []
  /** When schedules were declared that were not there, by the monotonic clock. */
  declaredAt = Number.NEGATIVE_INFINITY
  /** The newest note of each schedule with a plain edit. */
  readonly edits = new Map<string, string>()
  /** The store is about to go back to a former state. */
  isFailingOver = false
  /** What happened, one line each. */
  readonly log: string[] = []
  #workerCount = 0
  #client: Redis | null = null

  constructor(scenario: Scenario, engine: Engine = {}) {
    const { seed, latencyMs, leaseMs, concurrency } = scenario
    this.scenario = scenario
    this.surroundings = createSurroundings({ startMs: START_MS, seed, latencyMs, ...engine })
    const everybeat = { prefix: PREFIX, leaseMs, concurrency }
    this.fleet = new TestFleet({ now: START_MS, seed, latencyMs, everybeat }, this.surroundings)
    this.time = createRedisTime(() => this.monotonicNow(), START_MS - MONOTONIC_START_MS)
  }

  monotonicNow(): number {
    return this.surroundings.time.nowMs - START_MS + MONOTONIC_START_MS
  }

  /** What the clock of the store shows, epoch ms. */
  storeNow(): number {
    return this.surroundings.store.now()
  }

  note(text: string): void {
    this.log.push(`${(this.surroundings.time.nowMs - START_MS).toFixed(3)} ${text}`)
  }

  /** When all had been well last, by the monotonic clock: then nothing was late. */
  wellUntil(atMs: number): number {
    let wellAt = atMs
    for (const { fromMs, toMs } of [...this.troubles].reverse()) {
      if (fromMs <= wellAt && toMs + CATCHING_UP_MS >= wellAt) wellAt = fromMs
    }
    return wellAt
  }

  /** Workers that live. */
  get alive(): SimulatedWorker[] {
    return this.workers.filter(({ diedAt }) => diedAt === null)
  }

  async join(): Promise<void> {
    const index = (this.#workerCount += 1)
    const name = `worker-${index}`
    const lines: JournalLine[] = []
    const beat = await this.fleet.worker(async (joining) => {
      const work = joining.task('work', (run) => this.#work(name, lines, run))
      for (const schedule of this.scenario.schedules) await work.schedule(schedule.name, schedule.definition as never)
    })
    this.workers.push({ index, name, beat, lines, diedAt: null, frozen: [], isFrozen: false, isCut: false })
    this.note(`${name} joined`)
  }

  /** What the task of every schedule does: it lasts, and may fail. */
  async #work(worker: string, lines: JournalLine[], run: Run): Promise<void> {
    const { id, schedule, fence, attempt } = run
    const write = (what: JournalLine['what']): void => {
      const scheduledAt = run.scheduledAt.getTime()
      lines.push({ what, at: this.monotonicNow(), schedule, scheduledAt, id, fence, attempt, worker })
      this.note(`${worker} ${what} ${id} attempt ${attempt} fence ${fence}`)
    }
    const { ms, failureRate } = run.payload as { ms: number; failureRate: number }
    write('start')
    run.signal.addEventListener('abort', () => write('abort'))
    await this.fleet.sleep(ms)
    write('end')
    const lot = createRandom(
      this.scenario.seed + attempt + [...id].reduce((sum, char) => sum * 31 + char.charCodeAt(0), 7),
    )
    if (lot.next() < failureRate) throw new Error('this attempt fails')
  }

  /** Writes a note into a definition with a plain command. */
  async edit(schedule: string, note: string): Promise<void> {
    const key = createKeys(PREFIX, 0, 1).schedule(schedule)
    if (this.isFailingOver || !this.surroundings.store.database(0).has(key)) return
    this.#client ??= this.fleet.client()
    let isDone = false
    const writing = this.#client.hset(key, 'note', note).finally(() => (isDone = true))
    while (!isDone) await this.pass(this.scenario.latencyMs)
    await writing
    this.edits.set(schedule, note)
  }

  /** Edits that are not there any more, of schedules that are. */
  undoneEdits(): string[] {
    const keys = createKeys(PREFIX, 0, 1)
    const db = this.surroundings.store.database(0)
    return [...this.edits].flatMap(([name, note]) => {
      const fields = db.read(keys.schedule(name), 'hash')?.fields
      return !fields || fields.get('note') === note ? [] : [`undone: the plain edit of ${name}: ${note}`]
    })
  }

  async kill(worker: SimulatedWorker): Promise<void> {
    worker.diedAt = this.monotonicNow()
    await this.fleet.kill(worker.beat)
  }

  async setFrozen(worker: SimulatedWorker, isFrozen: boolean): Promise<void> {
    if (worker.diedAt !== null || worker.isFrozen === isFrozen) return
    worker.isFrozen = isFrozen
    const at = this.monotonicNow()
    if (isFrozen) worker.frozen.push({ from: at, to: Number.POSITIVE_INFINITY })
    else worker.frozen.at(-1)!.to = at
    await (isFrozen ? this.fleet.freeze(worker.beat) : this.fleet.thaw(worker.beat))
  }

  async setCut(worker: SimulatedWorker, isCut: boolean): Promise<void> {
    if (worker.diedAt !== null || worker.isCut === isCut) return
    worker.isCut = isCut
    await (isCut ? this.fleet.disconnect(worker.beat) : this.fleet.reconnect(worker.beat))
  }

  /** Has a worker leave in good order. */
  async leave(worker: SimulatedWorker): Promise<void> {
    await worker.beat.stop({ timeoutMs: STOP_MS })
    if (worker.diedAt === null) await this.kill(worker)
  }

  /** Everything is well from now on. */
  async recover(): Promise<void> {
    for (const worker of this.alive) {
      this.surroundings.network.setDelay(worker.name, 0)
      await this.setFrozen(worker, false)
      await this.setCut(worker, false)
      this.surroundings.network.breakConnections(worker.name)
    }
    while (this.alive.length < 2) await this.join()
    await this.pass(0)
  }

  /** Lets the given time pass, ms. */
  async pass(ms: number): Promise<void> {
    await this.fleet.advanceTo(this.surroundings.time.nowMs + ms)
  }

  /** Every start of a handler. */
  spans(): Span[] {
    const { leaseMs } = this.scenario
    return this.workers.flatMap(({ index, lines, diedAt, frozen }) => {
      return toSpans(index, lines, { diedAt, frozen }, { leaseMs, keepsLeases: false })
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]()
  }
}
