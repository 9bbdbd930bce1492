import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createAlarm } from '../../../../src/worker/loop/precise-timer.js'
import { createRedisClock } from '../../../../src/worker/loop/redis-clock.js'

const monotonic = () => performance.now()

function createClock(halfTripMs = 0) {
  const clock = createRedisClock(monotonic, Date.now)
  clock.sample(monotonic() - halfTripMs, monotonic() + halfTripMs, 1_000_000)
  return clock
}

describe('an alarm', () => {
  it('has nobody wait for an instant that has passed', () => {
    const clock = createClock()
    expect(createAlarm(clock).at(clock.now() - 1, 6)).toBeNull()
  })

  it('never rings before the instant, by a clock that may be off by half a round trip', async () => {
    const clock = createClock(0.5)
    const alarm = createAlarm(clock)
    for (const waitMs of [0.1, 0.9, 1.4, 2.6, 7]) {
      const instant = clock.now() + waitMs
      await alarm.at(instant, 1_000)
      expect(clock.now() - instant).toBeGreaterThanOrEqual(0.5)
    }
  })

  it('rings for each in the order of their instants, whatever the order in which they came', async () => {
    const clock = createClock()
    const alarm = createAlarm(clock)
    const now = clock.now()
    const rung: number[] = []
    await Promise.all(
      [140, 120, 130, 101, 120].map(async (afterMs) => {
        await alarm.at(now + afterMs, 1_000)
        rung.push(afterMs)
      }),
    )
    expect(rung).toEqual([101, 120, 120, 130, 140])
  })

  it('is early for nobody, though it rings all the time and has to sleep in place of turning', async () => {
    const clock = createClock()
    const alarm = createAlarm(clock)
    const first = clock.now()
    const early: number[] = []
    for (let index = 0; index < 100; index += 1) {
      const instant = first + index
      await alarm.at(instant, 1_000)
      if (clock.now() < instant) early.push(index)
    }
    expect(early).toEqual([])
  })

  it('holds up nothing longer than Redis said, whatever the clock shows', async () => {
    const clock = createClock()
    const begun = performance.now()
    await createAlarm(clock).at(clock.now() + 3_600_000, 6)
    expect(performance.now() - begun).toBeGreaterThanOrEqual(6)
  })

  it('keeps a core busy for a small part of the time only, where it rings all the time', async () => {
    const real = setImmediate
    const TURN_MS = 0.1
    let [at, turns] = [0, 0]
    vi.spyOn(performance, 'now').mockImplementation(() => at)
    vi.spyOn(globalThis, 'setImmediate').mockImplementation(((turn: (leftMs: number) => void) => {
      at += TURN_MS
      turns += 1
      return real(turn, 0)
    }) as never)
    vi.spyOn(globalThis, 'setTimeout').mockImplementation(((ring: () => void, ms: number) => {
      at += ms
      return real(ring)
    }) as never)
    onTestFinished(() => void vi.restoreAllMocks())
    const clock = createRedisClock(
      () => at,
      () => at,
    )
    clock.sample(0, 0, 0)
    const alarm = createAlarm(clock)
    for (let count = 0; count < 1_000; count += 1) await alarm.at(at + 1, 6)
    expect(at).toBeGreaterThanOrEqual(1_000)
    expect(turns * TURN_MS).toBeGreaterThan(0)
    expect(turns * TURN_MS).toBeLessThan(at * 0.1 + 10)
  })

  it.skipIf(process.platform === 'win32')('leaves the core to others in the last moment before it rings', async () => {
    const real = setImmediate
    let [at, turns, naps] = [0, 0, 0]
    vi.spyOn(performance, 'now').mockImplementation(() => at)
    vi.spyOn(globalThis, 'setImmediate').mockImplementation(((turn: (leftMs: number) => void, leftMs: number) => {
      at += 0.002
      turns += 1
      return real(turn, leftMs)
    }) as never)
    vi.spyOn(Atomics, 'wait').mockImplementation((_array, _index, _value, ms) => {
      at += ms! + 0.05
      naps += 1
      return 'timed-out'
    })
    onTestFinished(() => void vi.restoreAllMocks())
    const clock = createRedisClock(
      () => at,
      () => at,
    )
    clock.sample(0, 0, 0)
    for (let count = 0; count < 4; count += 1) await createAlarm(clock).at(at + 1, 6)
    // Turns alone would be two thousand.
    expect(turns).toBeLessThan(400)
    expect(naps).toBeGreaterThan(4)
  })
})
