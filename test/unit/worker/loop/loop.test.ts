import { expect, it, onTestFinished, vi } from 'vitest'
import { createStubStore } from '../../../../src/redis/stores/stub-store.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'
import { SampledRedisClock } from '../../../../src/worker/loop/redis-clock.js'
import { decideStagger } from '../../../../src/worker/loop/claim-stagger.js'
import { Loop } from '../../../../src/worker/loop/loop.js'
import { createStubRuntime } from '../../../../src/worker/warm-up.js'
import type { ClaimRequest } from '../../../../src/worker/store.js'

const LONG_MS = 60_000

/** A loop whose claims are counted and win nothing; `taken` of its ten slots are in use. */
function createCountedLoop(taken = 0, monotonic = () => performance.now()) {
  const clock = new SampledRedisClock(monotonic, monotonic)
  clock.sample(monotonic(), monotonic(), monotonic())
  const claims: number[] = []
  const shares: number[] = []
  const empty = createStubStore(clock, monotonic, 0)
  const store: typeof empty = Object.assign(createStubStore(clock, monotonic, 0), {
    async claim(request: ClaimRequest) {
      claims.push(monotonic())
      shares.push(request.maxClaims)
      return { ...(await empty.claim(request)), nextDueMs: null }
    },
  })
  const shard = createStubRuntime(store, { concurrency: 10, time: { ...SYSTEM_TIME, monotonic } })
  onTestFinished(() => shard.leases.stop())
  for (let count = 0; count < taken; count += 1) shard.slots.take('work')
  const options = { maxSleepMs: () => LONG_MS, onError: () => {}, onSuccess: () => {} }
  const loop = new Loop(shard, options)
  onTestFinished(() => loop.stop())
  return { loop, clock, claims, shares }
}

/** Longer than the hold-back of every place in a fleet of two, ms. */
const BUSY_MS = 50

/** Keeps the event loop busy. */
function block(): void {
  const until = performance.now() + BUSY_MS
  while (performance.now() < until);
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

/** Makes time pass only at the calls of the test: a busy machine cannot make a worker late. */
function stopTime(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'setImmediate', 'clearImmediate'] })
  onTestFinished(() => void vi.useRealTimers())
}

it.each([
  ['sends no claim when a message has said that no schedule is left', true, 0],
  ['claims when no message has arrived', false, 1],
])('a worker that was busy beyond its stagger delay %s', async (_title, isTold, count) => {
  // The timers are real, and the phases of the event loop with them; only what time it is comes from here.
  let now = 1_000_000
  const { loop, clock, claims } = createCountedLoop(0, () => now)
  const { port1, port2 } = new MessageChannel()
  onTestFinished(() => port1.close())
  port1.on('message', () => loop.onNextDue(null, 0))
  loop.start()
  await turn()
  const begun = claims.length
  const dueMs = Math.ceil(clock.now()) + 20
  // The second of the two at that instant.
  const rank = [0, 1].find((rank) => decideStagger({ dueMs, dueCount: 1, fleetSize: 2, rank }).delayMs > 0)!
  loop.setFleet(2, rank)
  loop.onNextDue(dueMs, 1)
  if (isTold) port2.postMessage('nothing is left')
  block()
  now += BUSY_MS
  await turn()
  await turn()
  expect(claims.length - begun).toBe(count)
})

it('the worker with more free slots claims first when two workers claim an instant', async () => {
  stopTime()
  const [busy, free] = [createCountedLoop(8), createCountedLoop()]
  for (const { loop } of [busy, free]) {
    loop.start()
    loop.setFleet(2, busy.loop === loop ? 0 : 1)
  }
  await vi.advanceTimersByTimeAsync(1)
  const dueMs = Math.ceil(free.clock.now()) + 30
  for (const { loop } of [busy, free]) loop.onNextDue(dueMs, 20)
  const before = [busy, free].map(({ claims }) => claims.length)
  while (busy.claims.length === before[0]) await vi.advanceTimersByTimeAsync(1)
  expect(free.claims.length).toBe(before[1]! + 1)
  expect(free.claims.at(-1)).toBeLessThan(busy.claims.at(-1)!)
})

it.each([
  ['its share of a coming instant', 30, 6],
  ['as much as its free slots allow after the workers that claim first', -30, 10],
])('a worker claims %s', async (_title, inMs, share) => {
  stopTime()
  const { loop, clock, claims, shares } = createCountedLoop()
  loop.start()
  loop.setFleet(2, 0)
  await vi.advanceTimersByTimeAsync(1)
  const before = claims.length
  // Two places go for more than ten.
  loop.onNextDue(Math.ceil(clock.now()) + inMs, 12)
  while (claims.length === before) await vi.advanceTimersByTimeAsync(1)
  expect(shares.at(-1)).toBe(share)
})
