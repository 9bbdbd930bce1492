import { expect, it } from 'vitest'
import type { Everybeat } from '../../../src/index.js'
import { createTestFleet } from '../../../src/testing/index.js'

it.each([
  ['the first half of its workers dies', (rank: number) => rank >= 105],
  // No worker near some instants is left: a heartbeat of another worker shows the instant as overdue.
  ['nine of ten workers die', (rank: number) => rank % 10 === 0],
])('a large fleet runs each occurrence once within a second when %s at one moment', async (_what, isLeft) => {
  await using fleet = await createTestFleet({ now: '2026-01-01T00:00:00Z', seed: 1 })
  const workers: Everybeat[] = []
  for (let rank = 0; rank < 210; rank += 1) {
    workers.push(await fleet.worker((beat) => beat.task('work', () => {})))
    // The heartbeats have different times, as those of processes that start one after another.
    await fleet.advance('23ms')
  }
  await fleet.schedules.put('work', { every: '1s' })
  const before = await fleet.advance('10s')
  for (const [rank, worker] of workers.entries()) if (!isLeft(rank)) await fleet.kill(worker)
  const after = await fleet.advance('20s')
  // The workers near the next instant are informed on their own channels, so no run waits for a heartbeat.
  expect(before.map(({ startedAt }) => +startedAt)).toEqual(before.map(({ scheduledAt }) => +scheduledAt))
  const instants = [...before, ...after].map(({ scheduledAt }) => +scheduledAt)
  expect(instants).toHaveLength(30)
  expect(new Set(instants).size).toBe(30)
  expect([...before, ...after].map(({ missed }) => missed)).toEqual(instants.map(() => 0))
})
