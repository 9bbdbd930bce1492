import { MAX_TIMER_MS, sleep, type Timer } from '../../time-source.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { ClaimedRun, ClaimReply } from '../store.js'
import { decideStagger, isForNear, OVERDUE_MS, STEP_MS, type DueInstant, type NearInstant } from './claim-stagger.js'
import type { Reservation } from './slots.js'
import { tick } from './tick.js'

/** Delay before a claim that failed is sent again, ms. */
const RESEND_MS = 200
/** How early an occurrence may be claimed, ms, so that the reply arrives before its instant. */
const AHEAD_MS = 9
/** How early the timer is set, ms: timers fire up to 2 ms late, and Redis refuses a claim that is too early. */
const EARLY_MS = 8
/** Additional delay of a worker whose slots are nearly all taken, ms: workers with more free slots claim first. */
const BUSY_MS = 3
/**
 * Delay from the starts of an instant to the announcement that nothing is left of it, ms; shorter than the delay of a
 * backup. The settlements of runs that end within it carry the announcement.
 */
const ANNOUNCE_MS = 1
/**
 * How early a timer may fire before its instant, ms: timers have whole milliseconds, and Redis refuses an early claim.
 */
const PRECISION_MS = 0.2
/** No limit but the free slots. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** The longest sleep of a loop, and the listeners of its claims. */
export interface LoopOptions {
  /** The longest time without a tick for a worker of this rank in a fleet of this size, ms; Infinity for no limit. */
  readonly maxSleepMs: (fleetSize: number, rank: number) => number
  readonly onError: (error: unknown) => void
  readonly onSuccess: () => void
}

/** The next tick: its time and its limits. */
interface NextTick {
  /** On the monotonic clock, ms. */
  readonly at: number
  readonly maxClaims: number
  /** Whether the first claimers have probably claimed everything. */
  readonly isBackup: boolean
}

/** The next due of a shard: the instant, and the number of schedules that share it. */
interface NextDue {
  readonly atMs: number
  readonly count: number
  /** Whether the instant was overdue when the worker was informed of it. */
  readonly isOverdue: boolean
}

/** Sleeps until work is due on one shard, and ticks. At most one claim is in flight. */
export class Loop {
  readonly #shard: ShardRuntime
  readonly #options: LoopOptions
  /** The earliest known due instant; null when nothing is planned. */
  #nextDue: NextDue | null = null
  /** Grows with each message about the next due, so that an older reply does not overwrite a newer message. */
  #nextDueVersion = 0
  /** The size of the fleet, and this worker's place in the order of joining. */
  #fleet = { size: 1, rank: 0 }
  /** Timer of the next tick. */
  #timer: Timer | null = null
  #isRunning = false
  #isPaused = false
  /** The claim in flight; null for none. */
  #claiming: Promise<void> | null = null
  /** The time of the requested tick, on the monotonic clock, ms; Infinity for none. */
  #requestedAt = Number.POSITIVE_INFINITY
  /** Until when this worker leaves the rest of an instant to other workers, on the monotonic clock, ms. */
  #yieldUntil = Number.NEGATIVE_INFINITY
  /** An instant whose early claim won nothing, epoch ms: the next claim is sent at the instant itself, not before. */
  #triedEarlyMs: number | null = null
  /** Number of the newest request. */
  #requestNumber = 0
  /** When Redis last answered, on the monotonic clock, ms. */
  #lastContactAt: number
  /** When the claim in flight was sent, on the monotonic clock, ms; null for none. */
  #waitingSince: number | null = null

  constructor(shard: ShardRuntime, options: LoopOptions) {
    this.#shard = shard
    this.#options = options
    this.#lastContactAt = shard.time.monotonic()
  }

  /** When Redis last answered, on the monotonic clock, ms. */
  get lastContactAt(): number {
    return this.#lastContactAt
  }

  /** When the claim in flight was sent, on the monotonic clock, ms; null for none. */
  get waitingSince(): number | null {
    return this.#waitingSince
  }

  /** When the next occurrence is due, epoch ms; null when none is planned. */
  get nextDueMs(): number | null {
    return this.#nextDue?.atMs ?? null
  }

  /** The version to read before a request whose reply holds the next due, for {@link takeNextDue}. */
  get nextDueVersion(): number {
    return this.#nextDueVersion
  }

  start(): void {
    this.#isRunning = true
    this.requestTick()
  }

  /** Records the next due of a message. */
  onNextDue(dueMs: number | null, dueCount: number): void {
    this.#nextDueVersion += 1
    this.#nextDue = this.#describeDue(dueMs, dueCount)
    this.#reschedule()
  }

  /**
   * Records the next due of a reply, unless a message that arrived after `version` was read gives an earlier instant:
   * an unneeded tick does no harm.
   */
  takeNextDue(version: number, dueMs: number | null, dueCount: number): void {
    this.#setNextDue(version, dueMs, dueCount)
    this.#reschedule()
  }

  /** Records the size of the fleet and the rank of this worker. */
  setFleet(size: number, rank: number): void {
    this.#fleet = { size, rank }
  }

  /** Ticks within a delay, once a slot is free, because this worker may find work. */
  requestTick(delayMs = 0): void {
    this.#requestedAt = Math.min(this.#requestedAt, this.#shard.time.monotonic() + delayMs)
    this.#reschedule()
  }

  /** Claims nothing until it is resumed. */
  pause(): void {
    this.#isPaused = true
    this.#reschedule()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.requestTick()
  }

  /** Stops claiming; resolves when the claim in flight is answered. */
  async stop(): Promise<void> {
    this.#isRunning = false
    this.#clearTimer()
    await this.#claiming
    this.#shard.settler.release()
  }

  #setNextDue(version: number, dueMs: number | null, dueCount: number): void {
    this.#lastContactAt = this.#shard.time.monotonic()
    const known = this.#nextDue
    if (version !== this.#nextDueVersion && known !== null && (dueMs === null || known.atMs <= dueMs)) return
    this.#nextDue = this.#describeDue(dueMs, dueCount)
  }

  #describeDue(dueMs: number | null, count: number): NextDue | null {
    return dueMs === null ? null : { atMs: dueMs, count, isOverdue: this.#shard.clock.until(dueMs) < -OVERDUE_MS }
  }

  #decideNextTick(): NextTick {
    const { size, rank } = this.#fleet
    const restAt = this.#lastContactAt + this.#options.maxSleepMs(size, rank)
    let next: NextTick = { at: restAt, maxClaims: NO_LIMIT, isBackup: false }
    if (this.#nextDue) {
      const due = this.#decideDueTick(this.#nextDue)
      if (due.at < this.#yieldUntil) next = { at: this.#yieldUntil, maxClaims: NO_LIMIT, isBackup: true }
      else if (due.at < next.at) next = due
    }
    return this.#requestedAt < next.at ? { at: this.#requestedAt, maxClaims: NO_LIMIT, isBackup: false } : next
  }

  #describeInstant({ atMs, count, isOverdue }: NextDue): DueInstant {
    const { slots, shard, shardCount } = this.#shard
    const { size, rank } = this.#fleet
    const { concurrency } = slots
    return { dueMs: atMs, dueCount: count, isOverdue, fleetSize: size, rank, concurrency, shard, shardCount }
  }

  #decideDueTick(due: NextDue): NextTick {
    const { clock, slots, time } = this.#shard
    const { atMs } = due
    const { delayMs, maxClaims } = decideStagger(this.#describeInstant(due))
    const busyMs = this.#fleet.size > 1 ? (BUSY_MS * slots.taken) / slots.concurrency : 0
    const earlyMs = atMs === this.#triedEarlyMs || delayMs > 0 ? 0 : EARLY_MS - busyMs
    const untilMs = clock.until(atMs)
    // One stagger step after the instant the first claimers are done, so this worker takes as much as its slots allow.
    const isPast = untilMs < -STEP_MS
    return {
      at: time.monotonic() + untilMs - earlyMs + delayMs,
      maxClaims: isPast ? NO_LIMIT : maxClaims,
      isBackup: delayMs > 0,
    }
  }

  #clearTimer(): void {
    if (this.#timer) this.#shard.time.clearTimeout(this.#timer)
    this.#timer = null
  }

  #reschedule(): void {
    const { time } = this.#shard
    this.#clearTimer()
    if (!this.#canClaim()) return
    const next = this.#decideNextTick()
    const waitMs = next.at - time.monotonic()
    if (waitMs <= 0) return this.#startTick(next.maxClaims)
    if (waitMs === Number.POSITIVE_INFINITY) return
    this.#timer = time.setTimeout(() => this.#onTimer(), Math.min(Math.ceil(waitMs), MAX_TIMER_MS))
  }

  #canClaim(): boolean {
    return this.#isRunning && !this.#isPaused && !this.#claiming
  }

  #onTimer(): void {
    this.#timer = null
    const next = this.#decideNextTick()
    // A backup first lets the event loop read the arrived messages: usually an announcement says that nothing is left.
    if (next.isBackup) this.#shard.time.setImmediate(() => this.#tickIfDue(this.#decideNextTick()))
    else this.#tickIfDue(next)
  }

  #tickIfDue({ at, maxClaims }: NextTick): void {
    if (!this.#canClaim()) return
    if (at - this.#shard.time.monotonic() > PRECISION_MS) this.#reschedule()
    else this.#startTick(maxClaims)
  }

  #startTick(maxClaims: number): void {
    const { slots, settler, tasks, time } = this.#shard
    // Runs that end together free their slots one by one; one claim then fills all these slots.
    if (slots.available === 0) return slots.onAvailable(() => void time.setImmediate(() => this.#reschedule()))
    settler.hold()
    this.#requestedAt = Number.POSITIVE_INFINITY
    const reservation = slots.reserve(tasks.values())
    this.#waitingSince = time.monotonic()
    this.#claiming = this.#claim(maxClaims, reservation).finally(() => {
      this.#claiming = null
      this.#waitingSince = null
      reservation.release()
      this.#reschedule()
    })
  }

  async #claim(maxClaims: number, reservation: Reservation): Promise<void> {
    this.#requestNumber += 1
    const requestId = String(this.#requestNumber)
    while (this.#isRunning && !this.#isPaused) {
      const version = this.#nextDueVersion
      const expected = this.#nextDue && this.#describeInstant(this.#nextDue)
      const near = expected && isForNear(expected) ? expected : null
      const expectedDueMs = expected?.dueMs ?? null
      try {
        const tellsFleet = this.#fleet.size > 1
        const request = { requestId, reservation, maxClaims, aheadMs: AHEAD_MS, expectedDueMs, tellsFleet, near }
        const reply = await tick(this.#shard, request)
        this.#options.onSuccess()
        if (reply.shouldAnnounce) void this.#announceNextDue(reply.runs, near)
        return this.#takeReply(version, reply, maxClaims)
      } catch (error) {
        // Redis may have executed the claim: the same request id returns the runs that it won.
        this.#options.onError(error)
        await sleep(this.#shard.time, RESEND_MS)
      }
    }
  }

  #takeReply(version: number, reply: ClaimReply, maxClaims: number): void {
    this.#setNextDue(version, reply.nextDueMs, reply.dueCount)
    const isLeftDue = reply.nextDueMs !== null && reply.nextDueMs <= reply.nowMs + AHEAD_MS
    // When many schedules share one instant, all their starts precede the announcement. Starts of different instants
    // follow each other without end, so they do not delay it.
    const isSameInstant = isLeftDue && reply.runs.some(({ startMs }) => startMs === reply.nextDueMs)
    if (!isSameInstant) this.#shard.settler.release()
    this.#triedEarlyMs = isLeftDue ? reply.nextDueMs : null
    const isYielding = isLeftDue && this.#fleet.size > 1 && reply.runs.length >= maxClaims
    this.#yieldUntil = isYielding ? this.#lastContactAt + STEP_MS : Number.NEGATIVE_INFINITY
  }

  /** Announces the next due once these runs have started: a woken worker may use the same core. */
  async #announceNextDue(runs: readonly ClaimedRun[], near: NearInstant | null): Promise<void> {
    if (this.#fleet.size <= 1) return
    const { preciseTimer, settler, store, time } = this.#shard
    await preciseTimer.at(Math.max(...runs.map(({ startMs }) => startMs)), AHEAD_MS)
    settler.skipGap()
    // A worker that does not receive the announcement claims by its own timer.
    if (this.#isRunning) await store.announceNextDue(sleep(time, ANNOUNCE_MS), near).catch(() => {})
  }
}
