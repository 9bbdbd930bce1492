import { SYSTEM_TIME, type TimeSource } from '../time-source.js'
import { PreciseTimer } from './loop/precise-timer.js'
import { SampledRedisClock } from './loop/redis-clock.js'
import { tick } from './loop/tick.js'
import { PlanningPace } from './maintenance/planning-pace.js'
import { Settler } from './run/settler.js'
import type { Task } from './run/task.js'
import type { ShardRuntime } from './shard-runtime.js'
import type { RedisClock, WorkerStore } from './store.js'
import { createWorkerRuntime } from './worker-options.js'

/** Claims of the warm-up: enough to compile nearly all code of a run, in some 20 ms. */
const CLAIM_COUNT = 4
/** Runs of each claim. */
const RUN_COUNT = 5
/** Wait of the precise timer, ms; it ends while the worker connects. */
const TIMER_MS = 2
const LEASE_MS = 30_000

/** Creates a store without Redis in which each claim wins `runCount` runs. */
export type StubStore = (clock: RedisClock, monotonic: () => number, runCount: number) => WorkerStore

let warm: Promise<void> | null = null

/**
 * Claims, executes and settles runs of a stub store, once in a process. The first call of each function is slow (Intl
 * loads the locale, code is not compiled), in all some 20 ms: the warm-up spends that time while the worker connects,
 * and not at its first run.
 */
export function warmUp(createStore: StubStore): Promise<void> {
  return (warm ??= executeStubRuns(createStore))
}

async function executeStubRuns(createStore: StubStore): Promise<void> {
  const { monotonic, wall } = SYSTEM_TIME
  const clock = new SampledRedisClock(monotonic, wall)
  clock.sample(monotonic(), monotonic(), wall())
  const shard = createStubRuntime(createStore(clock, monotonic, RUN_COUNT), { concurrency: RUN_COUNT })
  // Not awaited, so that a worker also starts when a test has stopped the time.
  void shard.preciseTimer.at(clock.now() + TIMER_MS, TIMER_MS)
  for (let count = 0; count < CLAIM_COUNT; count += 1) {
    const reservation = shard.slots.reserve(shard.tasks.values())
    await tick(shard, { requestId: String(count), reservation, maxClaims: RUN_COUNT, aheadMs: 0, expectedDueMs: null })
    reservation.release()
    await shard.slots.whenIdle()
  }
  shard.leases.stop()
}

/** Creates a shard of a separate worker with one task; the caller stops its `leases`. */
export function createStubRuntime(
  store: WorkerStore,
  { concurrency, time = SYSTEM_TIME }: { concurrency: number; time?: TimeSource },
): ShardRuntime {
  const emit = () => {}
  const runtime = createWorkerRuntime(
    {
      id: TASK.name,
      concurrency,
      leaseMs: LEASE_MS,
      leaseThread: null,
      maxSleepMs: 0,
      beatMs: 0,
      pool: 'default',
      tz: '',
      tasks: new Map([[TASK.name, TASK]]),
      emit,
      time,
      describe: () => ({}),
      onDataLoss: () => {},
      taskQueues: () => ({ overdue: () => Promise.resolve([]), served: () => Promise.resolve(new Set<string>()) }),
      onWatchDuty: () => {},
      onReply: () => {},
    },
    { shardCount: 1, parkedShards: new Map(), onRoom: () => {}, isStopping: () => false },
  )
  const { clock } = store
  return {
    ...runtime,
    isPublished: false,
    shard: 0,
    shardCount: 1,
    store,
    clock,
    preciseTimer: new PreciseTimer(clock, time),
    settler: new Settler(store, time, { onError: () => {}, onSuccess: () => {} }),
    pace: new PlanningPace(time),
  }
}

const TASK: Task = {
  name: 'rehearsal',
  handler: () => {},
  schema: null,
  concurrency: null,
  maxConcurrent: null,
  timeoutMs: null,
  retries: 0,
  backoff: { type: 'fixed', delayMs: 0, maxMs: 0 },
}
