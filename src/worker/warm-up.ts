import { SYSTEM_TIME, type TimeSource } from '../time-source.js'
import { createAlarm } from './loop/precise-timer.js'
import { createRedisClock } from './loop/redis-clock.js'
import { createDefinitionCache } from './run/definition-cache.js'
import { createLeaseKeeper } from './run/lease-keeper.js'
import type { RedisClock, WorkerStore } from './store.js'
import { createSettler } from './run/settler.js'
import { createSlots, type Task } from './run/task.js'
import { tick, type TickContext } from './loop/tick.js'
import { createZoneDuty } from './maintenance/tz-authority.js'

/** After as many claims, with so many runs each, nearly all of the way is compiled, and it has taken some 20 ms. */
const CLAIM_COUNT = 4
const RUN_COUNT = 5
/** How long an alarm has, ms: it rings some time while the worker connects. */
const ALARM_MS = 2
const LEASE_MS = 30_000

/** Makes a store in which each claim finds `runCount` runs that nobody has, without Redis. */
export type RehearsalStore = (clock: RedisClock, monotonic: () => number, runCount: number) => WorkerStore

let warm: Promise<void> | null = null

/**
 * Goes the way of a run with runs that nobody has, without Redis, once in a process: what is called for the first time
 * is slow (Intl has to be asked for the locale, nothing is compiled yet), together some 20 ms. A worker pays that while
 * it connects, and not at the first instant at which it is its turn.
 */
export function warmUp(createStore: RehearsalStore): Promise<void> {
  return (warm ??= goThroughRuns(createStore))
}

async function goThroughRuns(createStore: RehearsalStore): Promise<void> {
  const { monotonic, wall } = SYSTEM_TIME
  const clock = createRedisClock(monotonic, wall)
  clock.sample(monotonic(), monotonic(), wall())
  const store = createStore(clock, monotonic, RUN_COUNT)
  const context = createRehearsalContext(clock, RUN_COUNT)
  const settler = createSettler(store, SYSTEM_TIME, () => {})
  // Nothing here waits for a timer: where time is a test's, a worker starts all the same.
  void context.alarm.at(clock.now() + ALARM_MS, ALARM_MS)
  for (let count = 0; count < CLAIM_COUNT; count += 1) {
    const hold = context.slots.hold(context.tasks.values())
    await tick(context, store, settler, String(count), hold, RUN_COUNT, 0, null)
    hold.release()
    await context.slots.whenIdle()
  }
  context.keeper.stop()
}

/** A worker of its own with the task `rehearsal`, of which nobody hears; its `keeper` is the caller's to stop. */
export function createRehearsalContext(
  clock: RedisClock,
  concurrency: number,
  time: TimeSource = SYSTEM_TIME,
): TickContext {
  return {
    workerId: TASK.name,
    pool: 'default',
    shard: 0,
    shards: 1,
    clock,
    time,
    alarm: createAlarm(clock, time),
    lanesHeard: new Map(),
    tasks: new Map([[TASK.name, TASK]]),
    slots: createSlots(concurrency, () => {}),
    keeper: createLeaseKeeper({ leaseMs: LEASE_MS, time, onLost: () => {}, thread: null }),
    cache: createDefinitionCache(),
    active: new Map(),
    holders: new Map(),
    emit: () => {},
    zones: createZoneDuty(TASK.name, ''),
    isStopping: () => false,
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
