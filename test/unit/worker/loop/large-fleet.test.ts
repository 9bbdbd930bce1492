import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createStubStore } from '../../../../src/redis/stores/stub-store.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { decideStagger } from '../../../../src/worker/loop/claim-stagger.js'
import { Loop } from '../../../../src/worker/loop/loop.js'
import { SampledRedisClock } from '../../../../src/worker/loop/redis-clock.js'
import type { ClaimRequest } from '../../../../src/worker/store.js'
import { createStubRuntime } from '../../../../src/worker/warm-up.js'

const SIZE = 150
const DUE = 1_700_000_000_000

const staggerOf = (
  rank: number,
  more: { dueMs?: number; dueCount?: number; isOverdue?: boolean; shardCount?: number },
) => decideStagger({ dueMs: DUE, dueCount: 1, fleetSize: SIZE, rank, ...more })
const delays = (more: Parameters<typeof staggerOf>[1]) =>
  Array.from({ length: SIZE }, (_, rank) => staggerOf(rank, more).delayMs)

describe('a large fleet', () => {
  it('one worker of a large fleet claims an instant at once, fifteen are backups, and the others expect nothing', () => {
    const finite = delays({}).filter(Number.isFinite)
    expect(finite.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, position) => position * 5))
  })

  it.each([
    ['is overdue', { isOverdue: true }],
    ['has many schedules', { dueCount: 17 }],
    ['is of a fleet with several shards', { shardCount: 2 }],
  ])('every worker of a large fleet claims an instant that %s', (_why, more) => {
    expect(delays(more).filter((delayMs) => !Number.isFinite(delayMs))).toEqual([])
  })

  it('consecutive instants fall to all workers of a large fleet', () => {
    const counts = Array.from({ length: SIZE }, () => 0)
    for (let second = 0; second < 3_000; second += 1) {
      const first = counts.findIndex((_, rank) => staggerOf(rank, { dueMs: DUE + second * 1_000 }).delayMs === 0)
      counts[first]! += 1
    }
    expect(Math.min(...counts)).toBeGreaterThan(0)
    expect(Math.max(...counts)).toBeLessThan(80)
  })
})

/** The loop of a worker at rest, with each of its claims; the clock of Redis is that of the test. */
async function createLoop() {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'setImmediate', 'clearImmediate'] })
  onTestFinished(() => void vi.useRealTimers())
  const monotonic = () => performance.now()
  const clock = new SampledRedisClock(monotonic, monotonic)
  clock.sample(monotonic(), monotonic(), DUE)
  const claims: ClaimRequest[] = []
  const empty = createStubStore(clock, monotonic, 0)
  const store: typeof empty = Object.assign(createStubStore(clock, monotonic, 0), {
    async claim(request: ClaimRequest) {
      claims.push(request)
      return { ...(await empty.claim(request)), nextDueMs: null }
    },
  })
  const shard = createStubRuntime(store, { concurrency: 10, time: { ...SYSTEM_TIME, monotonic } })
  onTestFinished(() => shard.leases.stop())
  const loop = new Loop(shard, { maxSleepMs: () => 60_000, onError: () => {}, onSuccess: () => {} })
  onTestFinished(() => loop.stop())
  loop.start()
  await vi.advanceTimersByTimeAsync(1)
  claims.length = 0
  return { loop, claims }
}

/** The rank whose worker claims the instant at once, or that of a worker that is not near it. */
const rankOf = (dueMs: number, isNear: boolean): number =>
  Array.from({ length: SIZE }, (_, rank) => rank).find(
    (rank) => staggerOf(rank, { dueMs }).delayMs === (isNear ? 0 : Number.POSITIVE_INFINITY),
  )!

describe('the loop of a worker in a large fleet', () => {
  it.each([
    ['claims an instant that it is near', true, 1],
    ['does not claim an instant that it is not near, also when it has passed', false, 0],
  ])('the loop of a worker in a large fleet %s', async (_what, isNear, count) => {
    const { loop, claims } = await createLoop()
    const dueMs = DUE + 30
    loop.setFleet(SIZE, rankOf(dueMs, isNear))
    loop.onNextDue(dueMs, 1)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(claims.map(({ near }) => near?.dueMs)).toEqual(Array.from({ length: count }, () => dueMs))
  })

  it('the loop of a worker in a large fleet claims an instant that a reply shows as overdue, and informs all workers', async () => {
    const { loop, claims } = await createLoop()
    const dueMs = DUE - 110
    loop.setFleet(SIZE, rankOf(dueMs, false))
    loop.takeNextDue(loop.nextDueVersion, dueMs, 1)
    await vi.advanceTimersByTimeAsync(200)
    expect(claims).toEqual([expect.objectContaining({ expectedDueMs: dueMs, near: null })])
  })
})
