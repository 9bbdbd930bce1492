import { decideTurn, STEP_MS } from './claim-stagger.js'
import type { ClaimedRun, WorkerStore } from '../store.js'
import type { Settler } from '../run/settler.js'
import type { Hold } from '../run/task.js'
import { tick, type TickContext } from './tick.js'
import { sleep, type Timer } from '../../time-source.js'

/** The wait before a claim that failed is sent again, ms. */
const RETRY_MS = 200
/** How early an occurrence may be claimed, so that the round trip is over when its instant comes, ms. */
const AHEAD_MS = 6
/** How early the timer is set, ms: timers ring up to 2 ms late, and the claim must not come too early. */
const EARLY_MS = 5
/** How much later a worker goes whose slots are all but taken, ms: those with more free slots are there before it. */
const BUSY_MS = 3
/** How long after its starts a worker tells the others that nothing is left of an instant, ms: they step in later still. */
const ANNOUNCE_MS = 1
/** The longest that one timer sleeps: Node's limit is 2^31 ms. */
const MAX_TIMER_MS = 2 ** 30

/** Sleeps until something is due on one shard, and ticks. */
export interface Loop {
  start(): void
  /** Takes in when the next occurrence is due, and for how many schedules. */
  setHead(headMs: number | null, count: number): void
  /** The same from a reply: what was heard since `mark` (taken when the question was sent) may be newer. */
  setHeadSince(mark: number, headMs: number | null, count: number): void
  /** Taken before a question is sent whose reply tells of the head. */
  mark(): number
  /** Takes in the size of the fleet and this worker's place in it. */
  setFleet(size: number, rank: number): void
  /** Ticks as soon as there is room: something may be there for this worker. */
  nudge(delayMs?: number): void
  /** Looks again whether the timer is right: a slot came free, the clock was corrected. */
  rearm(): void
  /** Claims nothing until it is resumed. */
  pause(): void
  resume(): void
  /** Stops claiming; resolves when the claim under way, if any, is answered. */
  stop(): Promise<void>
  /** When Redis last answered, on the monotonic clock. */
  readonly lastContactAt: number
}

/** Which shard a loop is for, how long it may sleep, and who hears of a failed claim. */
export interface LoopOptions {
  readonly shard: number
  readonly shards: number
  /** The longest without a tick, for a worker of this rank in a fleet of this size; Infinity where others see to it. */
  readonly maxSleepMs: (fleetSize: number, rank: number) => number
  readonly onError: (error: unknown) => void
}

/** Creates the loop of one shard. At most one claim is under way at any time. */
export function createLoop(context: TickContext, store: WorkerStore, settler: Settler, options: LoopOptions): Loop {
  const { clock, slots, time } = context
  const { monotonic } = time
  let head: { atMs: number; count: number } | null = null
  let fleet = { size: 1, rank: 0 }
  let timer: Timer | null = null
  let running = false
  let paused = false
  let claiming: Promise<void> | null = null
  let nudgedAt = Number.POSITIVE_INFINITY
  /** What this worker left for the others of the fleet is theirs until then. */
  let leftUntil = Number.NEGATIVE_INFINITY
  /** Heads that were heard of through the wake channel, for telling an old reply from a new message. */
  let heard = 0
  let lookedEarlyAt: number | null = null
  let requestNumber = 0
  let lastContactAt = monotonic()

  /** A reply that crossed a message may be older than it: then the earlier head counts, a look too many does no harm. */
  function takeHead(since: number, headMs: number | null, count: number): void {
    lastContactAt = monotonic()
    if (since !== heard && head !== null && (headMs === null || head.atMs <= headMs)) return
    head = headMs === null ? null : { atMs: headMs, count }
  }

  /** When to tick, on the monotonic clock, how much to take then, and whether others are likely to have taken it. */
  function nextTurn(): { at: number; share: number; isSpare: boolean } {
    const now = monotonic()
    const restAt = lastContactAt + options.maxSleepMs(fleet.size, fleet.rank)
    let turn = { at: restAt, share: Number.MAX_SAFE_INTEGER, isSpare: false }
    if (head) {
      const { delayMs, share } = decideTurn({
        headMs: head.atMs,
        count: head.count,
        fleetSize: fleet.size,
        rank: fleet.rank,
        concurrency: slots.concurrency,
        shard: options.shard,
        shards: options.shards,
      })
      // One that could not be claimed early is looked at again at its instant, not over and over until then.
      const busyMs = fleet.size > 1 ? (BUSY_MS * slots.taken) / slots.concurrency : 0
      const early = head.atMs === lookedEarlyAt || delayMs > 0 ? 0 : EARLY_MS - busyMs
      const at = now + clock.until(head.atMs) - early + delayMs
      if (at < leftUntil) turn = { at: leftUntil, share: Number.MAX_SAFE_INTEGER, isSpare: true }
      else if (at < turn.at)
        turn = { at, share: isBehind(head.atMs) ? Number.MAX_SAFE_INTEGER : share, isSpare: delayMs > 0 }
    }
    if (nudgedAt < turn.at) turn = { at: nudgedAt, share: Number.MAX_SAFE_INTEGER, isSpare: false }
    return turn
  }

  /** Those whose turn it was have been there: what is left now is for whoever has room. */
  function isBehind(headMs: number): boolean {
    return clock.until(headMs) < -STEP_MS
  }

  function rearm(): void {
    if (timer) time.clearTimeout(timer)
    timer = null
    if (!running || paused || claiming) return
    const { at, share } = nextTurn()
    const wait = at - monotonic()
    if (wait <= 0) return go(share)
    settler.release()
    if (wait === Number.POSITIVE_INFINITY) return
    timer = time.setTimeout(
      () => {
        timer = null
        // Whoever comes after others has it read first what has arrived: that nothing is left for it, most of the time.
        const turn = nextTurn()
        if (turn.isSpare) time.setImmediate(() => takeTurn(nextTurn()))
        else takeTurn(turn)
      },
      Math.min(Math.ceil(wait), MAX_TIMER_MS),
    )
  }

  function takeTurn({ at, share }: { at: number; share: number }): void {
    if (!running || paused || claiming) return
    // Timers keep whole milliseconds: one that rings a moment too soon would only be sent back by Redis.
    if (at - monotonic() > 0.2) rearm()
    else go(share)
  }

  function go(share: number): void {
    // Without a free slot there is nothing to ask for: the loops of a worker get the next ones in turn.
    // Runs that end together free their slots one by one: the next claim is for all of them.
    if (slots.available === 0) return slots.wait(() => void time.setImmediate(rearm))
    // Settlements of what the last claim brought stand back behind this one: starts come first.
    settler.hold()
    nudgedAt = Number.POSITIVE_INFINITY
    const hold = slots.hold(context.tasks.values())
    claiming = claim(share, hold).finally(() => {
      claiming = null
      hold.release()
      rearm()
    })
  }

  async function claim(share: number, hold: Hold): Promise<void> {
    requestNumber += 1
    const requestId = String(requestNumber)
    while (running && !paused) {
      const since = heard
      try {
        const reply = await tick(context, store, settler, requestId, hold, share, AHEAD_MS, head?.atMs ?? null)
        takeHead(since, reply.headMs, reply.headCount)
        if (reply.tellsHead) void tellHead(reply.runs)
        lookedEarlyAt = reply.headMs !== null && reply.headMs <= reply.nowMs + AHEAD_MS ? reply.headMs : null
        const leftSome = lookedEarlyAt !== null
        leftUntil =
          leftSome && fleet.size > 1 && reply.runs.length >= share ? lastContactAt + STEP_MS : Number.NEGATIVE_INFINITY
        return
      } catch (error) {
        // The claim may have happened all the same: the same request id brings what it won.
        options.onError(error)
        await sleep(time, RETRY_MS)
      }
    }
  }

  /** Whoever is told wakes up, and may share a core with those that start their runs now: they come first. */
  async function tellHead(runs: readonly ClaimedRun[]): Promise<void> {
    if (fleet.size <= 1) return
    await context.alarm.at(Math.max(...runs.map(({ startMs }) => startMs)), AHEAD_MS)
    await sleep(time, ANNOUNCE_MS)
    // Who is not told looks by itself.
    if (running) await store.announceHead().catch(() => {})
  }

  return {
    start() {
      running = true
      nudgedAt = monotonic()
      rearm()
    },
    setHead(headMs, count) {
      heard += 1
      head = headMs === null ? null : { atMs: headMs, count }
      rearm()
    },
    setHeadSince(since, headMs, count) {
      takeHead(since, headMs, count)
      rearm()
    },
    mark: () => heard,
    setFleet(size, rank) {
      fleet = { size, rank }
    },
    nudge(delayMs = 0) {
      nudgedAt = Math.min(nudgedAt, monotonic() + delayMs)
      rearm()
    },
    rearm,
    pause() {
      paused = true
      rearm()
    },
    resume() {
      if (!paused) return
      paused = false
      nudgedAt = monotonic()
      rearm()
    },
    async stop() {
      running = false
      if (timer) time.clearTimeout(timer)
      timer = null
      await claiming
      settler.release()
    },
    get lastContactAt() {
      return lastContactAt
    },
  }
}
