import type { Timer, TimeSource } from '../../time-source.js'
import type { NameHandler } from './name-batcher.js'

/** Time for which names are gathered, ms: edits arrive in bursts (each field of a bare HSET, a bulk load). */
const GATHER_MS = 30
/** Delay before a write of the engine itself is inspected, ms: it has been planned already. */
const OWN_WRITE_MS = 500
/**
 * Own writes within {@link OWN_WRITE_MS} above which they are a bulk load and are not inspected: inspecting each would
 * cost as much as the load.
 */
const BULK_COUNT = 500
/** Longest wait of an announcement for the report of its write, ms: both arrive on different connections. */
const ANNOUNCED_MS = 1_000
/** Most names in one inspection. */
const BATCH_COUNT = 200

type TimerName = 'gather' | 'own' | 'forget'
type NamesByShard = Map<number, Set<string>>

/**
 * Gathers the writes that the definition watch reports, and has the definitions inspected that the engine did not write
 * itself. An edit by a plain command at the same moment as a write of the engine to the same schedule is inspected too,
 * except during a bulk load: then the sweep or the next claim finds it.
 */
export class EditBatcher {
  readonly #time: TimeSource
  readonly #inspect: NameHandler
  /** Reported writes by shard that are not yet matched with announcements. */
  readonly #written: NamesByShard = new Map()
  /** The engine's own writes by shard that wait for their inspection. */
  readonly #own: NamesByShard = new Map()
  /** Own writes since the last inspection of own writes. */
  #ownCount = 0
  /** Announced writes of the current period, as `shard:schedule`. */
  #announced = new Set<string>()
  /** Announced writes of the previous period. */
  #announcedBefore = new Set<string>()
  readonly #timers = new Map<TimerName, Timer>()
  #isStopped = false

  /** @param inspect inspects definitions and never rejects */
  constructor(time: TimeSource, inspect: NameHandler) {
    this.#time = time
    this.#inspect = inspect
  }

  /** Records the report of a write or a removal; the report does not say who made it. */
  onWritten(shard: number, schedule: string): void {
    add(this.#written, shard, schedule)
    this.#after('gather', GATHER_MS, () => this.#sort())
  }

  /** Records the announcement that the engine has written these definitions. */
  onAnnounced(shard: number, schedules: readonly string[]): void {
    for (const schedule of schedules) this.#announced.add(`${shard}:${schedule}`)
    this.#after('forget', ANNOUNCED_MS, () => this.#forget())
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#timers.values()) this.#time.clearTimeout(timer)
    this.#timers.clear()
  }

  #after(name: TimerName, delayMs: number, work: () => void): void {
    if (this.#isStopped || this.#timers.has(name)) return
    const timer = this.#time.setTimeout(() => {
      this.#timers.delete(name)
      work()
    }, delayMs)
    this.#timers.set(name, timer)
  }

  #sort(): void {
    for (const [shard, names] of this.#written) {
      for (const schedule of names) {
        if (!this.#takeAnnouncement(shard, schedule)) continue
        names.delete(schedule)
        this.#ownCount += 1
        if (this.#ownCount <= BULK_COUNT) add(this.#own, shard, schedule)
        this.#after('own', OWN_WRITE_MS, () => this.#inspectOwn())
      }
    }
    void this.#inspectAll(this.#written)
  }

  /** Whether a write was announced; each announcement belongs to one write. */
  #takeAnnouncement(shard: number, schedule: string): boolean {
    const key = `${shard}:${schedule}`
    return this.#announced.delete(key) || this.#announcedBefore.delete(key)
  }

  #forget(): void {
    this.#announcedBefore = this.#announced
    this.#announced = new Set()
    if (this.#announcedBefore.size > 0) this.#after('forget', ANNOUNCED_MS, () => this.#forget())
  }

  #inspectOwn(): void {
    if (this.#ownCount > BULK_COUNT) this.#own.clear()
    this.#ownCount = 0
    void this.#inspectAll(this.#own)
  }

  async #inspectAll(names: NamesByShard): Promise<void> {
    const lists = [...names].map(([shard, set]) => [shard, [...set]] as const)
    names.clear()
    for (const [shard, list] of lists) {
      for (let start = 0; start < list.length && !this.#isStopped; start += BATCH_COUNT) {
        await this.#inspect(shard, list.slice(start, start + BATCH_COUNT))
      }
    }
  }
}

function add(to: NamesByShard, shard: number, schedule: string): void {
  const names = to.get(shard)
  if (names) names.add(schedule)
  else to.set(shard, new Set([schedule]))
}
