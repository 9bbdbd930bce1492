import { sleep } from '../../time-source.js'
import { toErrorData } from '../../events/events.js'
import { isPlannedOtherwise } from '../../schedule/zone-check.js'
import { replan, type PlanContext } from './planner.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import type { ShardReply, WorkerStore } from '../store.js'

/** Most runs that one call gives up. */
const RECOVER_COUNT = 100
/** Names that one call inspects, and half of the keys that it scans: some milliseconds of Redis's time. */
const SLICE_COUNT = 1_000
/** Where edits are seen as they happen, the sweep is only a safety net and takes its time. */
const WATCHED_SLICE_COUNT = 200
/** Calls in one beat when edits are not seen as they happen: 10 000 schedules in two beats. */
const CALLS_PER_BEAT = 6
/** The look at what stood before the watch began: names and keys in one call, about a millisecond of Redis's time. */
const FIRST_SLICE_COUNT = 100
const FIRST_SCAN_COUNT = 1_000
/**
 * Calls of that look: 10 000 names. To look at each of a million would cost Redis more, at every start of a worker, than
 * the fires of a minute; what lies beyond is found by the next claim, or by the walk that the fleet shares.
 */
const FIRST_CALLS = 100
/** Between two of these calls, ms: claims come first. */
const FIRST_PAUSE_MS = 10
/** Between two calls of a walk over all schedules, so that it takes a share of Redis's time only, ms. */
const SWEEP_PAUSE_MS = 10
/** Schedules that are read whole in one call. */
const PAGE_COUNT = 200
/** An occurrence that nobody claimed for so long is reported, ms. */
const LATE_MS = 10_000

/** The upkeep that the whole fleet shares; each beat one worker of the fleet does a bounded slice of it. */
export interface Upkeep {
  /** Does the slice of one beat. Never rejects. */
  work(beat: ShardReply): Promise<void>
  /** Looks at definitions that were changed by somebody else. Never rejects. */
  inspect(names: readonly string[]): Promise<void>
  /** Plans what workers with older time-zone data leave to this one. Never rejects. */
  plan(names: readonly string[]): Promise<void>
  /** Plans anew what somebody with other time-zone data planned otherwise. Never rejects. */
  checkPlans(names: readonly string[]): Promise<void>
  /** The same for all schedules, in slices. Resolves with whether it came to the end; never rejects. */
  checkAllPlans(): Promise<boolean>
  /** Whether edits are seen as they happen. When that begins, what was edited before is looked for, among 10 000. */
  setWatched(watched: boolean): void
  /** Puts back into the indexes what belongs there, of 10 000 schedules; the others follow. Never rejects. */
  lookAtAll(): Promise<void>
  stop(): void
}

/** How far a walk over all names and all keys has come; null where it is through. */
interface Walk {
  readonly after: string | null
  readonly cursor: string | null
}

const START: Walk = { after: '', cursor: '0' }

function isDone({ after, cursor }: Walk): boolean {
  return after === null && cursor === null
}

/** Creates the upkeep of one shard. */
export function createUpkeep(store: WorkerStore, context: PlanContext): Upkeep {
  const { emit, time } = context
  let watched = false
  let turns = 0
  let stopped = false
  let sweeping = false
  let checking = false

  async function guard(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      emit('error', { ...toErrorData(error), context: what })
    }
  }

  async function recover(): Promise<void> {
    for (;;) {
      const { lookedAt, givenUp } = await store.recover(RECOVER_COUNT)
      for (const { runId, schedule, kind, worker, nominalMs, fence, attempt } of givenUp) {
        const event = { runId, schedule, task: '', scheduledAt: nominalMs, worker, attempt, fence }
        emit('run:abandoned', { ...event, reason: 'crash', rerun: kind === 'rerun' })
      }
      if (lookedAt < RECOVER_COUNT) return
    }
  }

  async function planNamed(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { nowMs, schedules } = await store.read(names)
    for (const schedule of schedules) {
      if (schedule.digest !== '') await replan(context, store, schedule, nowMs)
    }
  }

  /** The walk is the fleet's: whoever is elected next goes on where this one stops. */
  async function sweep(watched: boolean): Promise<void> {
    const count = watched ? WATCHED_SLICE_COUNT : SLICE_COUNT
    for (let call = 0; call < (watched ? 1 : CALLS_PER_BEAT); call++) {
      const reply = await store.inspect({ shared: true, after: '', count, cursor: '', scanCount: 2 * count })
      await planNamed(reply.toPlan)
      // Once around in one beat is enough.
      if (reply.nextName === '' && (reply.nextCursor === '0' || reply.nextCursor === '')) return
    }
  }

  /** Edits that were made before the watch began were seen by nobody; what an overwritten index held is in none. */
  async function lookBack(): Promise<void> {
    if (sweeping) return
    sweeping = true
    try {
      let walk = START
      for (let call = 0; call < FIRST_CALLS && !stopped && !isDone(walk); call++) {
        walk = await step(walk)
        await sleep(time, FIRST_PAUSE_MS)
      }
    } finally {
      sweeping = false
    }
  }

  /** One slice of the known names and one of the keys, as far as each is not through. */
  async function step({ after, cursor }: Walk): Promise<Walk> {
    const reply = await store.inspect({
      after: after ?? '',
      count: after === null ? 0 : FIRST_SLICE_COUNT,
      cursor: cursor ?? '',
      scanCount: FIRST_SCAN_COUNT,
    })
    await planNamed(reply.toPlan)
    return {
      after: after === null || reply.nextName === '' ? null : reply.nextName,
      cursor: cursor === null || reply.nextCursor === '0' ? null : reply.nextCursor,
    }
  }

  async function correct(schedules: readonly StoredSchedule[], nowMs: number): Promise<void> {
    for (const schedule of schedules) {
      if (isPlannedOtherwise(schedule, nowMs)) await replan(context, store, schedule, nowMs)
    }
  }

  async function correctAll(): Promise<void> {
    for (let after = ''; !stopped;) {
      const { nowMs, nextName, schedules } = await store.page(after, PAGE_COUNT)
      await correct(schedules, nowMs)
      if (nextName === '') return
      after = nextName
      await sleep(time, SWEEP_PAUSE_MS)
    }
  }

  return {
    work: (beat) =>
      guard('upkeep', async () => {
        if (beat.overdueRuns > 0) await recover()
        turns += 1
        // Not with the first beat: the watch is about to begin, and a worker that starts has claims to make. Every other
        // turn is enough where edits are seen as they happen, and an idle fleet stays silent.
        const isWatched = watched || beat.isWatched
        if (isWatched ? turns % 2 === 0 : turns > 1) await sweep(isWatched)
        if (beat.headMs !== null && beat.nowMs - beat.headMs > LATE_MS) {
          emit('schedule:late', { schedule: '', dueAt: beat.headMs, latenessMs: beat.nowMs - beat.headMs })
        }
      }),
    inspect: (names) =>
      guard('live edit', async () => {
        const reply = await store.inspect({ after: '', count: 0, cursor: '', scanCount: 0, names })
        await planNamed(reply.toPlan)
      }),
    plan: (names) => guard('planning for others', () => planNamed(names)),
    checkPlans: (names) =>
      guard('time-zone data', async () => {
        const { nowMs, schedules } = await store.read(names)
        await correct(schedules, nowMs)
      }),
    async checkAllPlans() {
      if (checking) return false
      checking = true
      let done = false
      await guard('time-zone data', async () => {
        await correctAll()
        done = !stopped
      })
      checking = false
      return done
    },
    setWatched(value) {
      if (value && !watched) void guard('sweep', lookBack)
      watched = value
    },
    lookAtAll: () => guard('index', lookBack),
    stop() {
      stopped = true
    },
  }
}
