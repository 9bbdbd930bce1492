import { describe, expect, it } from 'vitest'
import { SYSTEM_TIME, type TimeSource } from '../../../../src/time-source.js'
import { PreciseTimer } from '../../../../src/worker/loop/precise-timer.js'
import { SampledRedisClock } from '../../../../src/worker/loop/redis-clock.js'

const { monotonic, wall } = SYSTEM_TIME

function createClock(halfTripMs = 0) {
  const clock = new SampledRedisClock(monotonic, wall)
  clock.sample(monotonic() - halfTripMs, monotonic() + halfTripMs, 1_000_000)
  return clock
}

/** Time in which each step of the event loop, and each wait, takes as long as the test says. */
function createSteppedTime(stepMs: number) {
  const passed = { at: 0, steps: 0, blocks: 0 }
  const time: TimeSource = {
    ...SYSTEM_TIME,
    monotonic: () => passed.at,
    wall: () => passed.at,
    setImmediate(callback) {
      passed.at += stepMs
      passed.steps += 1
      return SYSTEM_TIME.setImmediate(callback)
    },
    setTimeout(callback, delayMs) {
      passed.at += delayMs
      return SYSTEM_TIME.setImmediate(callback)
    },
    block(durationMs) {
      passed.at += durationMs + 0.05
      passed.blocks += 1
    },
  }
  const clock = new SampledRedisClock(time.monotonic, time.wall)
  clock.sample(0, 0, 0)
  return { passed, timer: new PreciseTimer(clock, time) }
}

describe('a precise timer', () => {
  it('a precise timer fires at once for an instant that has passed', () => {
    const clock = createClock()
    expect(new PreciseTimer(clock, SYSTEM_TIME).at(clock.now() - 1, 6)).toBeNull()
  })

  it('a precise timer never fires before the instant, by a clock that may be off by half a round trip', async () => {
    const clock = createClock(0.5)
    const timer = new PreciseTimer(clock, SYSTEM_TIME)
    for (const waitMs of [0.1, 0.9, 1.4, 2.6, 7]) {
      const instant = clock.now() + waitMs
      await timer.at(instant, 1_000)
      expect(clock.now() - instant).toBeGreaterThanOrEqual(0.5)
    }
  })

  it('a precise timer fires for each waiter in the order of the instants, whatever the order of the calls', async () => {
    const clock = createClock()
    const timer = new PreciseTimer(clock, SYSTEM_TIME)
    const now = clock.now()
    const fired: number[] = []
    await Promise.all(
      [140, 120, 130, 101, 120].map(async (afterMs) => {
        await timer.at(now + afterMs, 1_000)
        fired.push(afterMs)
      }),
    )
    expect(fired).toEqual([101, 120, 120, 130, 140])
  })

  it('a precise timer fires in their order for instants that pass while the process is stalled', async () => {
    const clock = createClock()
    const timer = new PreciseTimer(clock, SYSTEM_TIME)
    const now = clock.now()
    const fired: number[] = []
    const waits = [40, 20, 30].map(async (afterMs) => {
      await timer.at(now + afterMs, 1_000)
      fired.push(afterMs)
    })
    while (clock.now() < now + 60);
    await Promise.all(waits)
    expect(fired).toEqual([20, 30, 40])
  })

  it('a precise timer that fires all the time is never early, although it sleeps instead of spinning', async () => {
    const clock = createClock()
    const timer = new PreciseTimer(clock, SYSTEM_TIME)
    const first = clock.now()
    const early: number[] = []
    for (let index = 0; index < 100; index += 1) {
      const instant = first + index
      await timer.at(instant, 1_000)
      if (clock.now() < instant) early.push(index)
    }
    expect(early).toEqual([])
  })

  it('a precise timer delays no run longer than Redis said, whatever the clock shows', async () => {
    const clock = createClock()
    const begun = monotonic()
    await new PreciseTimer(clock, SYSTEM_TIME).at(clock.now() + 3_600_000, 6)
    expect(monotonic() - begun).toBeGreaterThanOrEqual(6)
  })

  it('a precise timer that fires all the time keeps a core busy for a small part of the time only', async () => {
    const stepMs = 0.1
    const { passed, timer } = createSteppedTime(stepMs)
    for (let count = 0; count < 1_000; count += 1) await timer.at(passed.at + 1, 6)
    expect(passed.at).toBeGreaterThanOrEqual(1_000)
    expect(passed.steps).toBeGreaterThan(0)
    expect(passed.steps * stepMs).toBeLessThan(passed.at * 0.1 + 10)
  })

  it('a precise timer yields the core to other processes in the last moment before it fires', async () => {
    const { passed, timer } = createSteppedTime(0.002)
    for (let count = 0; count < 4; count += 1) await timer.at(passed.at + 1, 6)
    // Spinning alone would take two thousand steps.
    expect(passed.steps).toBeLessThan(400)
    expect(passed.blocks).toBeGreaterThan(4)
  })
})
