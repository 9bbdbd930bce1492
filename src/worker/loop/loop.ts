import { MAX_TIMER_MS, sleep, type Timer } from '../../time-source.js'
import type { ShardRuntime } from '../shard-runtime.js'
import type { ClaimedRun, ClaimReply } from '../store.js'
import { decideStagger, STEP_MS } from './claim-stagger.js'
import type { Reservation } from './slots.js'
import { tick } from './tick.js'

/** Delay before a claim that failed is sent again, ms. */
const RESEND_MS = 200
/** How early an occurrence may be claimed, so that the round trip is over when its instant comes, ms. */
const AHEAD_MS = 6
/** How early the timer is set, ms: timers fire up to 2 ms late, and the claim must not come too early. */
const EARLY_MS = 5
/** How much later a worker claims whose slots are nearly all taken, ms: workers with more free slots come first. */
const BUSY_MS = 3
/**
 * Delay from the starts of an instant to the message that nothing is left of it, ms; backups step in later still. Runs that
 * end within it take the message along.
 */
const ANNOUNCE_MS = 1
/** How far from its instant a timer may fire, ms: timers keep whole milliseconds, and Redis refuses an early claim. */
const PRECISION_MS = 0.2
/** Takes everything that there is room for. */
const NO_LIMIT = Number.MAX_SAFE_INTEGER

/** How long a loop may sleep, and what is told of its claims. */
export interface LoopOptions {
  /** The longest time without a tick, for a worker of this rank in a fleet of this size; Infinity for no limit. */
  readonly maxSleepMs: (fleetSize: number, rank: number) => number
  readonly onError: (error: unknown) => void
  readonly onSuccess: () => void
}

/** When to tick, and how. */
interface NextTick {
  /** On the monotonic clock, ms. */
  readonly at: number
  readonly maxClaims: number
  /** Whether other workers are likely to have claimed everything. */
  readonly isBackup: boolean
}

/** What is due next on a shard: the instant, and how many schedules share it. */
interface NextDue {
  readonly atMs: number
  readonly count: number
}

/** Sleeps until something is due on one shard, and ticks. At most one claim is under way. */
export class Loop {
  readonly #shard: ShardRuntime
  readonly #options: LoopOptions
  /** The earliest due instant known; null when nothing is planned. */
  #nextDue: NextDue | null = null
  /** Grows with each message about `#nextDue`: a reply that is older than the newest message must not overwrite it. */
  #nextDueVersion = 0
  /** The size of the fleet, and this worker's place in the order of joining. */
  #fleet = { size: 1, rank: 0 }
  /** Timer of the next tick. */
  #timer: Timer | null = null
  #isRunning = false
  #isPaused = false
  /** The claim under way; null when there is none. */
  #claiming: Promise<void> | null = null
  /** When a tick was requested for, on the monotonic clock, ms. */
  #requestedAt = Number.POSITIVE_INFINITY
  /** Until then, what this worker left of an instant is for other workers, on the monotonic clock, ms. */
  #yieldUntil = Number.NEGATIVE_INFINITY
  /** A due instant that could not be claimed early, epoch ms: it is claimed at its instant, and not over and over before. */
  #triedEarlyMs: number | null = null
  /** Number of the newest request. */
  #requestNumber = 0
  /** When Redis last answered, on the monotonic clock, ms. */
  #lastContactAt: number
  /** Since when a claim is not answered, on the monotonic clock, ms; null when none is under way. */
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

  /** Since when a claim is not answered, on the monotonic clock, ms; null when none is under way. */
  get waitingSince(): number | null {
    return this.#waitingSince
  }

  /** When the next occurrence is due, epoch ms; null when none is planned. */
  get nextDueMs(): number | null {
    return this.#nextDue?.atMs ?? null
  }

  /** Read before a request whose reply says what is due next. */
  get nextDueVersion(): number {
    return this.#nextDueVersion
  }

  start(): void {
    this.#isRunning = true
    this.requestTick()
  }

  /** Takes in what a message says is due next. */
  onNextDue(dueMs: number | null, dueCount: number): void {
    this.#nextDueVersion += 1
    this.#nextDue = dueMs === null ? null : { atMs: dueMs, count: dueCount }
    this.#reschedule()
  }

  /**
   * Like {@link onNextDue}, from a reply. Ignored when a message that arrived after `version` (read before the request)
   * says an earlier instant: a tick too many does no harm.
   */
  takeNextDue(version: number, dueMs: number | null, dueCount: number): void {
    this.#setNextDue(version, dueMs, dueCount)
    this.#reschedule()
  }

  /** Takes in the size of the fleet and this worker's place in it. */
  setFleet(size: number, rank: number): void {
    this.#fleet = { size, rank }
  }

  /** Ticks after a delay, or earlier, as soon as there is room: this worker may find work. */
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

  /** Stops claiming; resolves when the claim under way is answered. */
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
    this.#nextDue = dueMs === null ? null : { atMs: dueMs, count: dueCount }
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

  #decideDueTick({ atMs, count }: NextDue): NextTick {
    const { clock, slots, shard, shardCount, time } = this.#shard
    const { size, rank } = this.#fleet
    const { delayMs, maxClaims } = decideStagger({
      dueMs: atMs,
      dueCount: count,
      fleetSize: size,
      rank,
      concurrency: slots.concurrency,
      shard,
      shardCount,
    })
    const busyMs = size > 1 ? (BUSY_MS * slots.taken) / slots.concurrency : 0
    const earlyMs = atMs === this.#triedEarlyMs || delayMs > 0 ? 0 : EARLY_MS - busyMs
    const untilMs = clock.until(atMs)
    // Past the instant by more than one stagger step the first claimers are done: take as much as there is room for.
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
    // A backup first lets the event loop read the messages that have arrived: usually one says that nothing is left.
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
    // Runs that end together free their slots one by one: the next claim is for all of them.
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
      const expectedDueMs = this.#nextDue?.atMs ?? null
      try {
        const tellsFleet = this.#fleet.size > 1
        const request = { requestId, reservation, maxClaims, aheadMs: AHEAD_MS, expectedDueMs, tellsFleet }
        const reply = await tick(this.#shard, request)
        this.#options.onSuccess()
        return this.#takeReply(version, reply, maxClaims)
      } catch (error) {
        // The claim may have happened all the same: the same request id brings the runs that it won.
        this.#options.onError(error)
        await sleep(this.#shard.time, RESEND_MS)
      }
    }
  }

  #takeReply(version: number, reply: ClaimReply, maxClaims: number): void {
    this.#setNextDue(version, reply.nextDueMs, reply.dueCount)
    if (reply.shouldAnnounce) void this.#announceNextDue(reply.runs)
    const isLeftDue = reply.nextDueMs !== null && reply.nextDueMs <= reply.nowMs + AHEAD_MS
    // Of many schedules on one instant, the starts of all come first; where other instants follow, starts never end.
    const isSameInstant = isLeftDue && reply.runs.some(({ startMs }) => startMs === reply.nextDueMs)
    if (!isSameInstant) this.#shard.settler.release()
    this.#triedEarlyMs = isLeftDue ? reply.nextDueMs : null
    const isYielding = isLeftDue && this.#fleet.size > 1 && reply.runs.length >= maxClaims
    this.#yieldUntil = isYielding ? this.#lastContactAt + STEP_MS : Number.NEGATIVE_INFINITY
  }

  /** Tells the other workers what is due next once these runs have started: a woken worker may share their core. */
  async #announceNextDue(runs: readonly ClaimedRun[]): Promise<void> {
    if (this.#fleet.size <= 1) return
    const { preciseTimer, settler, store, time } = this.#shard
    await preciseTimer.at(Math.max(...runs.map(({ startMs }) => startMs)), AHEAD_MS)
    settler.skipGap()
    // A worker that does not hear of it claims by its own timer.
    if (this.#isRunning) await store.announceNextDue(sleep(time, ANNOUNCE_MS)).catch(() => {})
  }
}
