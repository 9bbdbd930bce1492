import { describe, expect, it, onTestFinished } from 'vitest'
import { decideStagger } from '../../../src/worker/loop/claim-stagger.js'
import { useRedis } from '../../support/redis.js'
import { createDaily, DAY, pastDays } from '../../support/scripted-fleet.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const [past] = pastDays(1) as [number]
const CAPACITIES = [{ pool: 'default', task: 'work', maxConcurrent: 0, freeSlots: 10 }]
const REQUEST = { requestId: 'r', slots: 10, maxClaims: 10, aheadMs: DAY, capacities: CAPACITIES, tellsFleet: true }
const NEXT_AFTER = 2 * DAY

const idOf = (rank: number) => `worker-${rank}`

/** The ids of the workers that expect an instant of one schedule, by the rule of the workers. */
const expectedAt = (dueMs: number, fleetSize: number): string[] =>
  Array.from({ length: fleetSize }, (_, rank) => rank)
    .filter((rank) => Number.isFinite(decideStagger({ dueMs, dueCount: 1, fleetSize, rank }).delayMs))
    .map(idOf)

/** A fleet of a number of workers, with one schedule that is due at the instant; lists the messages to each channel. */
async function createFleet(size: number, instant: number) {
  const fleet = await createDaily(redis)
  const ranks = Array.from({ length: size }, (_, rank) => [String(rank + 1), idOf(rank)]).flat()
  await fleet.client.zadd(fleet.keys.ranks, ...ranks)
  await fleet.plan('it', `${instant} ${instant + NEXT_AFTER}`, instant - DAY)
  const listener = redis.client.duplicate()
  onTestFinished(() => listener.disconnect())
  const heard: string[] = []
  listener.on('pmessage', (_pattern, channel: string, message: string) => {
    heard.push(`${channel.slice(fleet.keys.tag.length + 1)} ${message}`)
  })
  await listener.psubscribe(`${fleet.keys.tag}:w*`)
  const listed = async () => {
    await fleet.client.publish(fleet.keys.wake, 'end')
    await waitFor(() => heard.includes('wake end'), { what: 'the last message' })
    return heard.filter((line) => line !== 'wake end').sort()
  }
  return { store: fleet.worker('w').store, listed }
}

const near = (dueMs: number) => ({ dueMs, dueCount: 1 })

describe('the announcement of the next due in a large fleet', () => {
  it.each([past + DAY, past + DAY + 10, past + DAY + 54_321, past + DAY + 86_390])(
    'a claim informs the workers near the instant before and after it, and no other: %d',
    async (instant) => {
      const next = instant + NEXT_AFTER
      const { store, listed } = await createFleet(150, instant)
      await store.claim({ ...REQUEST, expectedDueMs: instant, near: near(instant) })
      const workers = new Set([...expectedAt(instant, 150), ...expectedAt(next, 150)])
      expect(workers.size).toBeGreaterThan(8)
      expect(await listed()).toEqual([...workers].map((id) => `worker:${id} head ${next} 1`).sort())
    },
  )

  it.each([
    ['is not large', 100, near(past + DAY)],
    ['expects many schedules at the instant', 150, null],
  ])('a claim informs all workers of a fleet that %s', async (_what, size, expectation) => {
    const { store, listed } = await createFleet(size, past + DAY)
    await store.claim({ ...REQUEST, expectedDueMs: past + DAY, near: expectation })
    expect(await listed()).toEqual([`wake head ${past + DAY + NEXT_AFTER} 1`])
  })

  it('a worker whose runs have started informs the same workers in a call of its own', async () => {
    const { store, listed } = await createFleet(150, past + DAY)
    await store.announceNextDue(Promise.resolve(), near(past))
    const workers = new Set([...expectedAt(past, 150), ...expectedAt(past + DAY, 150)])
    expect(await listed()).toEqual([...workers].map((id) => `worker:${id} head ${past + DAY} 1`).sort())
  })
})
