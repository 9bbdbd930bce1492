import { describe, expect, it } from 'vitest'
import { countCommands, scriptCalls, scriptCallsPerSecond, untilQuiet } from '../support/command-counts.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** Heartbeats continue with and without fires; they have a budget of their own (idle). */
const BEATS_PER_SECOND = 1 / 5

async function firesWith(workers: number, schedules: number, seconds: number) {
  let fires = 0
  const beats = Array.from({ length: workers }, () => fleet.create())
  for (const beat of beats) beat.task('tick', () => void fires++)
  for (let index = 0; index < schedules; index++)
    await beats[0]!.schedules.put(`s${index}`, { task: 'tick', every: '1s' })
  await Promise.all(beats.map((beat) => beat.start()))
  // The first heartbeat after all workers have joined gives each its rank.
  await waitFor(() => fires >= schedules * 6, { what: 'the fleet to settle' })
  const before = fires
  const startedAt = performance.now()
  const counts = await countCommands(redis.url, async () => {
    await waitFor(() => fires - before >= schedules * seconds, { what: `${seconds} s of fires`, timeoutMs: 30_000 })
  })
  const elapsed = (performance.now() - startedAt) / 1000
  const beatCalls = workers * Math.ceil(elapsed * BEATS_PER_SECOND + 1)
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return {
    perFire: Math.max(0, scriptCalls(counts) - beatCalls) / (fires - before),
    allPerFire: all / (fires - before),
    withBeats: scriptCalls(counts) / (fires - before),
  }
}

describe('the cost of a fire', () => {
  it('the cost of a fire is at most 2.2 script calls with one worker, heartbeats included', async () => {
    const { withBeats, allPerFire } = await firesWith(1, 20, 5)
    expect(withBeats).toBeLessThanOrEqual(2.2)
    expect(allPerFire).toBeLessThanOrEqual(25)
  })

  it('the cost of a fire is at most 5 script calls with 16 workers, heartbeats included', async () => {
    const { withBeats } = await firesWith(16, 20, 5)
    expect(withBeats).toBeLessThanOrEqual(5)
  })

  it('the cost of a fire is at most 6 script calls when 32 workers claim one schedule', async () => {
    const { perFire } = await firesWith(32, 1, 8)
    expect(perFire).toBeLessThanOrEqual(6)
  })
})

describe('an idle worker', () => {
  it.each([1, 10_000])('an idle worker sends at most 0.5 commands per second with %d schedules', async (schedules) => {
    const beat = fleet.create()
    beat.task('yearly', () => {})
    const many = Array.from({ length: schedules }, (_, index) => ({
      name: `s${index}`,
      task: 'yearly',
      cron: '0 0 1 1 *',
    }))
    await beat.schedules.putMany(many)
    await beat.start()
    // The scan for edits that were made before the start ends some time after it.
    await untilQuiet(redis.url)
    const twentySeconds = () => new Promise<void>((resolve) => setTimeout(resolve, 20_000))
    const rate = await scriptCallsPerSecond(redis.url, twentySeconds)
    expect(rate).toBeLessThanOrEqual(0.5)
  })
})

describe('runs in flight', () => {
  it('the leases of a thousand long runs take at most 10 calls a second, however they started', async () => {
    const leaseMs = 6_000
    const beat = fleet.create({ concurrency: 1_000, leaseMs })
    const lost: string[] = []
    beat.on('lease:lost', ({ runId }) => lost.push(runId))
    let started = 0
    let end = () => {}
    const ended = new Promise<void>((resolve) => (end = resolve))
    beat.task('long', () => {
      started += 1
      return ended
    })
    await beat.schedules.putMany(
      Array.from({ length: 1_000 }, (_, index) => ({ name: `s${index}`, task: 'long', every: '2s', spread: true })),
    )
    await beat.start()
    try {
      await waitFor(() => started === 1_000, { what: 'all runs to be in flight', timeoutMs: 30_000 })
      await beat.schedules.putMany(
        Array.from({ length: 1_000 }, (_, index) => ({ name: `s${index}`, task: 'long', cron: '0 0 1 1 *' })),
      )
      const begunAt = performance.now()
      const counts = await countCommands(redis.url, async () => {
        await new Promise((resolve) => setTimeout(resolve, 5_000))
      })
      const rate = scriptCalls(counts) / ((performance.now() - begunAt) / 1_000)
      expect(rate).toBeLessThanOrEqual(10)
      // Every lease was extended at least once.
      expect(counts.get('set')).toBeGreaterThanOrEqual(1_000)
      expect(lost).toEqual([])
    } finally {
      end()
    }
  })
})
