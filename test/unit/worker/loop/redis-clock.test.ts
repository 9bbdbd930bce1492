import { expect, it } from 'vitest'
import { createRedisClock } from '../../../../src/worker/loop/redis-clock.js'

/** A clock whose monotonic time the test sets. */
function createClock() {
  let at = 0
  const clock = createRedisClock(
    () => at,
    () => at,
  )
  return {
    clock,
    /** A reading that took `tripMs`, by a Redis that is `offset` ms ahead. */
    read(afterMs: number, tripMs: number, offset: number) {
      at = afterMs + tripMs
      clock.sample(afterMs, at, afterMs + tripMs / 2 + offset)
    },
    ahead: () => clock.now() - at,
  }
}

it('the Redis clock keeps the reading with the shortest round trip', () => {
  const { clock, read, ahead } = createClock()
  read(0, 8, 1_000)
  read(100, 2, 1_001)
  read(200, 6, 1_003)
  expect(clock.errorMs).toBe(1)
  expect(ahead()).toBe(1_001)
})

it('the Redis clock takes the best of the newer ones when that is old, not the newest', () => {
  const { clock, read, ahead } = createClock()
  read(0, 1, 1_000)
  read(5_000, 1.2, 1_000.2)
  read(20_000, 2, 1_000.5)
  read(25_000, 4, 1_001)
  expect(clock.errorMs).toBe(0.5)
  read(31_000, 8, 1_002)
  expect(clock.errorMs).toBe(1)
  expect(ahead()).toBe(1_000.5)
})

it('believes a reading that contradicts the one it keeps, however imprecise: a clock was set', () => {
  const { clock, read, ahead } = createClock()
  read(0, 1, 1_000)
  read(100, 20, 3_600_000)
  expect(clock.errorMs).toBe(10)
  expect(ahead()).toBe(3_600_000)
})
