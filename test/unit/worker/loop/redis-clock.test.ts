import fc from 'fast-check'
import { expect, it } from 'vitest'
import { SampledRedisClock } from '../../../../src/worker/loop/redis-clock.js'

/** A clock whose monotonic time the test sets. */
function createClock() {
  let at = 0
  const clock = new SampledRedisClock(
    () => at,
    () => at,
  )
  return {
    clock,
    /** A sample whose request took `requestMs` and whose reply took `replyMs`, by a Redis that is `offset` ms ahead. */
    read(afterMs: number, requestMs: number, replyMs: number, offset: number) {
      at = afterMs + requestMs + replyMs
      clock.sample(afterMs, at, afterMs + requestMs + offset)
    },
    ahead: () => clock.now() - at,
  }
}

it('the Redis clock takes the middle of a round trip, and half the trip as its error', () => {
  const { clock, read, ahead } = createClock()
  read(0, 4, 4, 1_000)
  expect(clock.errorMs).toBe(4)
  expect(ahead()).toBe(1_000)
})

it('the Redis clock knows its offset between the fastest request and the fastest reply', () => {
  const { clock, read, ahead } = createClock()
  read(0, 1, 7, 1_000)
  read(100, 6, 2, 1_000)
  read(200, 9, 9, 1_000)
  expect(clock.errorMs).toBe(1.5)
  expect(ahead()).toBe(999.5)
})

it('the Redis clock forgets the samples of the older half of their lifetime', () => {
  const { clock, read } = createClock()
  read(0, 1, 1, 1_000)
  read(16_000, 2, 2, 1_000)
  expect(clock.errorMs).toBe(1)
  read(20_000, 3, 3, 1_000)
  read(31_500, 4, 4, 1_000)
  expect(clock.errorMs).toBe(2)
})

it('the Redis clock believes a sample that contradicts the others, however imprecise, because a clock was set', () => {
  const { clock, read, ahead } = createClock()
  read(0, 1, 1, 1_000)
  read(100, 10, 10, 3_600_000)
  expect(clock.errorMs).toBe(10)
  expect(ahead()).toBe(3_600_000)
  read(200, 1, 1, 3_600_000)
  expect(clock.errorMs).toBe(1)
})

it('the Redis clock shows no instant before Redis shows it when samples differ by whole microseconds only', () => {
  const { clock, read, ahead } = createClock()
  read(0, 0, 0, 1_000)
  read(100, 0, 0, 999.999)
  read(200, 0, 0, 1_000)
  expect(clock.errorMs).toBe(0)
  expect(ahead()).toBe(999.999)
})

it('the Redis clock drops only the older half of its samples when only that half contradicts a new sample, because the clocks drift apart', () => {
  const { clock, read, ahead } = createClock()
  read(0, 1, 1, 1_000)
  read(16_000, 2, 2, 1_002.5)
  read(17_000, 2, 2, 1_003.5)
  expect(clock.errorMs).toBe(1.5)
  expect(ahead()).toBe(1_003)
})

it('the Redis clock is never wrong by more than its error, and never less precise than its newest sample', () => {
  const trip = fc.record({ pauseMs: fc.nat(9_000), requestMs: fc.nat(50), replyMs: fc.nat(50) })
  fc.assert(
    fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.array(trip, { minLength: 1 }), (offset, trips) => {
      const { clock, read, ahead } = createClock()
      let at = 0
      for (const { pauseMs, requestMs, replyMs } of trips) {
        at += pauseMs
        read(at, requestMs, replyMs, offset)
        at += requestMs + replyMs
        const isWithinError = Math.abs(ahead() - offset) <= clock.errorMs
        const isAsPreciseAsNewest = clock.errorMs <= (requestMs + replyMs) / 2
        expect({ isWithinError, isAsPreciseAsNewest }).toEqual({ isWithinError: true, isAsPreciseAsNewest: true })
      }
    }),
  )
})
