import { expect, it } from 'vitest'
import { createSurroundings } from '../../../src/testing/fleet/surroundings.js'
import { TestFleet } from '../../../src/testing/fleet/test-fleet.js'

/** Counts the calls of the script that reads nothing but the clock and the next due instant, in two minutes of a fleet. */
async function countReadings(every: string, workerCount = 1): Promise<number> {
  const now = Date.UTC(2026, 0, 1)
  const counted = (text: string) =>
    text.replace('return { now_us, read_next_due() }', `redis.call('INCR', 'readings')\n$&`)
  const surroundings = createSurroundings({ startMs: now, seed: 1, latencyMs: 0, rewriteScript: counted })
  await using fleet = new TestFleet({ now, seed: 1, latencyMs: 0 }, surroundings)
  for (let count = 0; count < workerCount; count += 1) await fleet.worker((beat) => beat.task('work', () => {}))
  await fleet.schedules.put('work', { every })
  const read = () => Number(surroundings.store.database(0).read('readings', 'string')?.text ?? 0)
  const before = read()
  expect(before).toBeGreaterThan(0)
  await fleet.advance('2m')
  return read() - before
}

it('a worker reads the clock every quarter of a minute while runs are due soon', async () => {
  const readings = await countReadings('1s')
  expect(readings).toBeGreaterThanOrEqual(7)
  expect(readings).toBeLessThanOrEqual(9)
})

it('a worker does not read the clock while no run is due soon', async () => {
  expect(await countReadings('10h')).toBe(0)
})

it('a worker of a fleet with more than a hundred workers does not read the clock', async () => {
  expect(await countReadings('1s', 101)).toBe(0)
})
