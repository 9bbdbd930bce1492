import { createRedisClock } from './clock.js'
import { createDefinitionCache } from './definition-cache.js'
import { launchRun, type LaunchContext } from './launch.js'
import { createLeaseKeeper } from './lease-keeper.js'
import type { ClaimedRun, WorkerStore } from './port.js'
import { createSettler } from './settler.js'
import { createSlots, type Task } from './tasks.js'
import { createZoneDuty } from './zone-duty.js'

/** After as many runs nearly all of the path is compiled, and it has taken some 20 ms. */
const RUN_COUNT = 20
const LEASE_MS = 30_000

let warm: Promise<void> | null = null

/**
 * Goes the way of a run with runs that nobody has, without Redis, once in a process: what is called for the first time
 * is slow (Intl has to be asked for the locale, nothing is compiled yet), together some 20 ms. A worker pays that while
 * it connects, and not at the first instant at which it is its turn.
 */
export function warmUp(): Promise<void> {
  return (warm ??= goThroughRuns())
}

async function goThroughRuns(): Promise<void> {
  const monotonic = () => performance.now()
  const clock = createRedisClock(monotonic, Date.now)
  clock.sample(monotonic(), monotonic(), Date.now())
  const keeper = createLeaseKeeper({ leaseMs: LEASE_MS, monotonic, wall: Date.now, onLost: () => {}, thread: null })
  const store = {
    settle: (settlements: readonly unknown[]) => Promise.resolve(settlements.map(() => 'settled')),
    startsAreLocked: false,
    extendPlan: () => Promise.resolve(),
  } as unknown as WorkerStore
  const context: LaunchContext = {
    workerId: 'warm-up',
    shard: 0,
    clock,
    tasks: new Map([['warm-up', TASK]]),
    slots: createSlots(RUN_COUNT, () => {}),
    keeper,
    cache: createDefinitionCache(),
    active: new Map(),
    holders: new Map(),
    emit: () => {},
    random: () => 0,
    zones: createZoneDuty('warm-up', ''),
    isStopping: () => false,
  }
  const settler = createSettler(store, () => {})
  const sent = { monotonic: monotonic(), wall: Date.now(), isAcknowledged: true }
  for (let index = 0; index < RUN_COUNT; index += 1) {
    await launchRun(context, store, settler, runOf(index), sent)
  }
  keeper.stop()
}

const TASK: Task = {
  name: 'warm-up',
  handler: () => {},
  schema: null,
  concurrency: null,
  maxConcurrent: null,
  timeoutMs: null,
  retries: 0,
  backoff: { type: 'fixed', delayMs: 0, maxMs: 0 },
}

function runOf(index: number): ClaimedRun {
  const nominalMs = Date.UTC(2024, 0, 1) + index * 1000
  const schedule = `warm-up-${index}`
  return {
    schedule,
    runId: `${schedule}@${nominalMs}`,
    nominalMs,
    startMs: nominalMs,
    fence: 1,
    attempt: 1,
    delivery: 1,
    missed: 0,
    catchUp: false,
    kind: 'occurrence',
    ownLease: false,
    leaseLeftMs: LEASE_MS,
    payloadText: null,
    planLeft: '',
    isPeriodic: false,
    digest: String(index),
    fields: { task: 'warm-up', cron: `${index} 4 * * 1-5`, tz: 'Europe/Berlin', payload: '{}' },
  }
}
