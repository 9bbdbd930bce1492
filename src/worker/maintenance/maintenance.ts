import { toErrorData } from '../../events/events.js'
import { sleep } from '../../time-source.js'
import { isPlannedOtherwise } from '../../schedule/zone-check.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import type { ShardReply } from '../store.js'
import { replan, type PlanContext } from './replan.js'

/** Most runs that one call abandons. */
const ABANDON_COUNT = 100
/** Names that one call inspects, and half the number of keys that it scans: some milliseconds of Redis's time. */
const SLICE_COUNT = 1_000
/** The same while a definition watch reports edits, and the sweep is only a safety net. */
const WATCHED_SLICE_COUNT = 200
/** Calls of one pass while no definition watch reports edits: 10 000 schedules in two heartbeats. */
const CALLS_PER_PASS = 6
/** Names of one call of the first scan; with the keys, it takes about a millisecond of Redis's time. */
const FIRST_SLICE_COUNT = 100
/** Keys of one call of the first scan. */
const FIRST_SCAN_COUNT = 1_000
/**
 * Most calls of the first scan, for 10 000 names. To inspect a million names at each start of a worker would cost Redis
 * more than the fires of a minute; the next claim or the sweep of the fleet finds edits of the other names.
 */
const FIRST_CALLS = 100
/** Pause between two calls of a scan or a check of all schedules, ms: claims come first. */
const PAUSE_MS = 10
/** Schedules in one page of a check of all schedules. */
const PAGE_COUNT = 200
/** Time after which a due occurrence without a claim is reported, ms. */
const LATE_MS = 10_000

/** The position of a scan over all names and all keys; null for a part that is complete. */
interface Scan {
  readonly after: string | null
  readonly cursor: string | null
}

const SCAN_START: Scan = { after: '', cursor: '0' }

function isComplete({ after, cursor }: Scan): boolean {
  return after === null && cursor === null
}

/**
 * The maintenance of one shard, shared by the whole fleet: with each heartbeat one elected worker does a bounded part of
 * it. No method rejects: a failure is an `error` event.
 */
export class Maintenance {
  readonly #context: PlanContext
  /** Whether the definition watch of this worker reports edits. */
  #isWatched = false
  /** Number of passes of this worker. */
  #passCount = 0
  #isStopped = false
  /** Whether {@link scanAll} is in progress. */
  #isScanning = false
  /** Whether {@link checkAllPlans} is in progress. */
  #isChecking = false

  constructor(context: PlanContext) {
    this.#context = context
  }

  /** Does the maintenance of one heartbeat. */
  pass(reply: ShardReply): Promise<void> {
    return this.#guard('upkeep', async () => {
      if (reply.overdueRuns > 0) await this.#abandonRuns()
      this.#passCount += 1
      // The first pass does not sweep: the watch is about to begin, and a starting worker has claims to make. While a
      // watch reports edits, every other pass sweeps, which keeps an idle fleet quiet.
      const isWatched = this.#isWatched || reply.isWatched
      if (isWatched ? this.#passCount % 2 === 0 : this.#passCount > 1) await this.#sweep(isWatched)
      await this.#reportLate(reply)
    })
  }

  /** Inspects definitions that the engine did not write. */
  inspect(names: readonly string[]): Promise<void> {
    return this.#guard('live edit', async () => {
      const reply = await this.#context.store.inspect({ after: '', count: 0, cursor: '', scanCount: 0, names })
      await this.#planNamed(reply.toPlan)
    })
  }

  /** Plans schedules that workers with older time-zone data leave to this worker. */
  plan(names: readonly string[]): Promise<void> {
    return this.#guard('planning for others', () => this.#planNamed(names))
  }

  /** Plans schedules again that were planned with other time-zone data. */
  checkPlans(names: readonly string[]): Promise<void> {
    return this.#guard('time-zone data', async () => {
      const { nowMs, schedules } = await this.#context.store.read(names)
      await this.#correct(schedules, nowMs)
    })
  }

  /** Checks the plans of all schedules, page by page. Resolves with whether all pages were checked. */
  async checkAllPlans(): Promise<boolean> {
    if (this.#isChecking) return false
    this.#isChecking = true
    let isDone = false
    await this.#guard('time-zone data', async () => {
      await this.#correctAll()
      isDone = !this.#isStopped
    })
    this.#isChecking = false
    return isDone
  }

  /**
   * Records whether the definition watch reports edits. When it begins to, earlier edits are searched among 10 000
   * schedules.
   */
  setWatched(isWatched: boolean): void {
    if (isWatched && !this.#isWatched) void this.#guard('sweep', () => this.#scanAll())
    this.#isWatched = isWatched
  }

  /** Restores the index entries of 10 000 schedules; the sweep restores the others. */
  repairIndexes(): Promise<void> {
    return this.#guard('index', () => this.#scanAll())
  }

  stop(): void {
    this.#isStopped = true
  }

  async #guard(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!this.#isStopped) this.#context.emit('error', { ...toErrorData(error), context: what })
    }
  }

  async #abandonRuns(): Promise<void> {
    const { store, emit } = this.#context
    for (;;) {
      const { inspectedCount, recovered } = await store.recoverRuns(ABANDON_COUNT)
      for (const { runId, schedule, kind, worker, nominalMs, fence, attempt } of recovered) {
        const event = { runId, schedule, task: '', scheduledAt: nominalMs, worker, attempt, fence }
        emit('run:abandoned', { ...event, reason: 'crash', rerun: kind === 'rerun' })
      }
      if (inspectedCount < ABANDON_COUNT) return
    }
  }

  /** Reports a late schedule, except in the first pass: this worker is about to claim it then. */
  async #reportLate({ nextDueMs, nowMs }: ShardReply): Promise<void> {
    if (nextDueMs === null || nowMs - nextDueMs <= LATE_MS || this.#passCount < 2) return
    const schedule = await this.#context.store.firstDue()
    if (schedule === null) return
    this.#context.emit('schedule:late', { schedule, dueAt: nextDueMs, latenessMs: nowMs - nextDueMs })
  }

  async #planNamed(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { nowMs, schedules } = await this.#context.store.read(names)
    for (const schedule of schedules) {
      if (schedule.digest !== '') await replan(this.#context, schedule, nowMs)
    }
  }

  /** Continues the sweep of the fleet; the next elected worker continues where this one stops. */
  async #sweep(isWatched: boolean): Promise<void> {
    const count = isWatched ? WATCHED_SLICE_COUNT : SLICE_COUNT
    for (let call = 0; call < (isWatched ? 1 : CALLS_PER_PASS); call++) {
      const slice = { shared: true, after: '', count, cursor: '', scanCount: 2 * count }
      const reply = await this.#context.store.inspect(slice)
      await this.#planNamed(reply.toPlan)
      // One pass inspects each schedule at most once.
      if (reply.nextName === '' && (reply.nextCursor === '0' || reply.nextCursor === '')) return
    }
  }

  /** Finds edits made before the watch started, and schedules missing from an index that was overwritten. */
  async #scanAll(): Promise<void> {
    if (this.#isScanning) return
    this.#isScanning = true
    try {
      let scan = SCAN_START
      for (let call = 0; call < FIRST_CALLS && !this.#isStopped && !isComplete(scan); call++) {
        scan = await this.#scanSlice(scan)
        await sleep(this.#context.time, PAUSE_MS)
      }
    } finally {
      this.#isScanning = false
    }
  }

  /** Inspects one slice of the known names and one of the keys, unless that part is complete. */
  async #scanSlice({ after, cursor }: Scan): Promise<Scan> {
    const reply = await this.#context.store.inspect({
      after: after ?? '',
      count: after === null ? 0 : FIRST_SLICE_COUNT,
      cursor: cursor ?? '',
      scanCount: FIRST_SCAN_COUNT,
    })
    await this.#planNamed(reply.toPlan)
    return {
      after: after === null || reply.nextName === '' ? null : reply.nextName,
      cursor: cursor === null || reply.nextCursor === '0' ? null : reply.nextCursor,
    }
  }

  async #correct(schedules: readonly StoredSchedule[], nowMs: number): Promise<void> {
    for (const schedule of schedules) {
      const isOther = await this.#context.pace.run(() => isPlannedOtherwise(schedule, nowMs))
      if (isOther) await replan(this.#context, schedule, nowMs)
    }
  }

  async #correctAll(): Promise<void> {
    for (let after = ''; !this.#isStopped;) {
      const { nowMs, nextName, schedules } = await this.#context.store.page(after, PAGE_COUNT)
      await this.#correct(schedules, nowMs)
      if (nextName === '') return
      after = nextName
      await sleep(this.#context.time, PAUSE_MS)
    }
  }
}
