import type { Redis } from 'ioredis'
import { onTestFinished } from 'vitest'
import { Everybeat, type DefinitionInput, type DefinitionShape } from '../../src/index.js'
import type { ScheduleStore } from '../../src/control/store.js'
import { createKeys, type Keys } from '../../src/redis/keys.js'
import { RedisScheduleStore } from '../../src/redis/stores/schedule-store.js'
import { RedisWorkerStore } from '../../src/redis/stores/worker-store.js'
import { decidePlan } from '../../src/schedule/decide-plan.js'
import type { PlanChange } from '../../src/schedule/stored-schedule.js'
import { SYSTEM_TIME } from '../../src/time-source.js'
import { SampledRedisClock } from '../../src/worker/loop/redis-clock.js'
import type { ClaimedRun, ClaimReply, SettleOutcome, Settlement, WorkerStore } from '../../src/worker/store.js'
import { uniquePrefix, type SuiteRedis } from './redis.js'
import { waitFor } from './wait-for.js'

export const DAY = 86_400_000
/** Short enough for a test to wait for its end. */
export const SHORT_LEASE_MS = 30

/** A worker of which nothing goes by itself: each of its calls, and how often and when it comes, is the test's. */
export interface ScriptedWorker {
  readonly id: string
  readonly store: WorkerStore
  /**
   * Asks for all that is due of the task `work`, or will be within `aheadMs` (default 0), by default under a request id
   * of its own.
   */
  claim(requestId?: string, aheadMs?: number): Promise<ClaimReply>
  /** Claims what must be one run. */
  claimOne(): Promise<ClaimedRun>
  settle(run: ClaimedRun, about?: Partial<Settlement>): Promise<SettleOutcome>
}

/** The script calls of a fleet, one by one, on a prefix of its own. */
export interface ScriptedFleet {
  readonly keys: Keys
  readonly client: Redis
  readonly control: Everybeat
  readonly store: ScheduleStore
  /**
   * @param leaseMs a long time by default: then no lease ends by itself within a test
   * @param maxConcurrent the fleet-wide limit of the task; 0, the default, for none
   */
  worker(id: string, leaseMs?: number, maxConcurrent?: number): ScriptedWorker
  /** Makes these the instants that come next, whatever was planned and claimed before. */
  plan(name: string, plan: string, last?: number): Promise<void>
  /** What a worker that reads the schedule now decides about it. */
  decide(name: string, resume?: boolean): Promise<PlanChange>
  state(name: string): Promise<Record<string, string>>
  /** Outcomes in the history, oldest first, as `<outcome> <nominal>`. */
  outcomes(name: string): Promise<string[]>
  /** Resolves when the lease of a schedule has ended by itself. */
  leaseEnds(name: string): Promise<void>
  /** Resolves when the lease of a run has ended by itself and the run was given up. */
  giveUp(worker: ScriptedWorker): Promise<'rerun' | 'abandoned'>
  /** Everything that is stored under the prefix except records of workers; the remaining TTL of keys is not in it. */
  everything(): Promise<Record<string, unknown>>
}

/** The last midnight, UTC, and those before it, oldest first: instants of `every: '1d'` that are due. */
export function pastDays(count: number): number[] {
  const last = Math.floor(Date.now() / DAY) * DAY
  return Array.from({ length: count }, (_, index) => last - (count - 1 - index) * DAY)
}

/** How {@link createDaily} defines its schedule: nothing of it is ever late. */
export const DAILY = { task: 'work', misfire: 'all', misfireGrace: '30d' } satisfies DefinitionShape

/** Creates a fleet with the schedule `it`, by default every day, of which the last of {@link pastDays} is due. */
export async function createDaily(redis: SuiteRedis, changes: DefinitionShape = {}): Promise<ScriptedFleet> {
  const fleet = createScriptedFleet(redis)
  const trigger = changes.cron === undefined ? { every: '1d' } : {}
  await fleet.control.schedules.put('it', { ...DAILY, ...trigger, ...changes } as DefinitionInput)
  const [t2, t3] = pastDays(2)
  await fleet.plan('it', String(t3), t2)
  return fleet
}

/** A run that ended well, but for what is said of it. */
export function settlementOf(run: ClaimedRun, about: Partial<Settlement> = {}): Settlement {
  return {
    run,
    outcome: 'ok',
    reason: '',
    durationMs: 1,
    latenessMs: 1,
    resultText: '',
    errorText: '',
    retryDelayMs: null,
    pauseAfter: 0,
    refill: null,
    ...about,
  }
}

/** Creates a fleet on the suite's server; its control client is closed after the test. */
export function createScriptedFleet(redis: SuiteRedis): ScriptedFleet {
  const prefix = uniquePrefix('scripted')
  const { client } = redis
  const keys = createKeys(prefix, 0, 1)
  const monotonic = () => performance.now()
  const control = new Everybeat({ redis: redis.url, prefix, logger: false })
  onTestFinished(() => control.stop())
  const store = new RedisScheduleStore({
    client,
    prefix,
    shards: 1,
    clock: new SampledRedisClock(monotonic, Date.now),
    time: SYSTEM_TIME,
  })
  let requests = 0

  function worker(id: string, leaseMs = 600_000, maxConcurrent = 0): ScriptedWorker {
    const clock = new SampledRedisClock(monotonic, Date.now)
    const place = { client, keys, clock, monotonic, workerId: id, leaseMs, shards: 1, generation: 'g' }
    const store = new RedisWorkerStore(place)
    const claim = (requestId = `request-${(requests += 1)}`, aheadMs = 0) =>
      store.claim({
        requestId,
        slots: 10,
        maxClaims: 10,
        aheadMs,
        expectedDueMs: null,
        capacities: [{ pool: 'default', task: 'work', maxConcurrent, freeSlots: 10 }],
      })
    return {
      id,
      store,
      claim,
      async claimOne() {
        const { runs } = await claim()
        if (runs.length !== 1) throw new Error(`${id} claimed ${runs.length} runs where one was to be claimed`)
        return runs[0]!
      },
      async settle(run, about = {}) {
        const [outcome] = await store.settle([settlementOf(run, about)])
        return outcome!
      },
    }
  }

  async function contentOf(key: string): Promise<unknown> {
    const kind = await client.type(key)
    if (kind === 'hash') return await client.hgetall(key)
    if (kind === 'zset') return await client.zrange(key, 0, -1, 'WITHSCORES')
    if (kind === 'stream') return await client.xrange(key, '-', '+')
    if (kind === 'set') return (await client.smembers(key)).sort()
    if (kind === 'list') return await client.lrange(key, 0, -1)
    return await client.get(key)
  }

  return {
    keys,
    client,
    control,
    store,
    worker,
    async plan(name, plan, last) {
      await client.hset(keys.state(name), { plan, ...(last === undefined ? {} : { last }) })
      if (last === undefined) await client.hdel(keys.state(name), 'last')
      const first = Number.parseInt(plan, 10)
      await client.zadd(keys.due, Number.isNaN(first) ? 0 : first, name)
    },
    async decide(name, resume = false) {
      const { nowMs, schedule } = await store.read(name)
      if (schedule === null) throw new Error(`there is no schedule ${name}`)
      const decision = decidePlan(schedule, nowMs, resume)
      return { schedule, ...decision }
    },
    state: (name) => client.hgetall(keys.state(name)),
    async outcomes(name) {
      const entries = await store.history(name, 1_000)
      return entries.reverse().map(({ outcome, at }) => `${outcome} ${at}`)
    },
    async leaseEnds(name) {
      await waitFor(async () => (await client.exists(keys.lease(name))) === 0, { what: 'the end of a lease' })
    },
    async giveUp(by) {
      const given = await waitFor(
        async () => {
          const { recovered } = await by.store.recoverRuns(10)
          return recovered[0]
        },
        { what: 'an abandoned run' },
      )
      return given.kind
    },
    async everything() {
      const found: Record<string, unknown> = {}
      for (const key of (await client.keys(`{${prefix}}:*`)).sort()) {
        const isOfSchedules = ![keys.worker(''), keys.minute(0).slice(0, -1)].some((start) => key.startsWith(start))
        if (isOfSchedules && key !== keys.meta) found[key] = await contentOf(key)
      }
      return found
    },
  }
}
