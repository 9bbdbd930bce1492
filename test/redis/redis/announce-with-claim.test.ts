import { describe, expect, it, onTestFinished } from 'vitest'
import { countCommands } from '../../support/command-counts.js'
import { useRedis } from '../../support/redis.js'
import { createDaily, DAY, pastDays } from '../../support/scripted-fleet.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const [past] = pastDays(1) as [number]
const CAPACITIES = [{ pool: 'default', task: 'work', maxConcurrent: 0, freeSlots: 10 }]
const REQUEST = { requestId: 'r', slots: 10, maxClaims: 10, aheadMs: DAY, expectedDueMs: null, capacities: CAPACITIES }

/** Claims an instant; gives the calls of the claim, the messages to the fleet, and all calls. */
async function claimAt(instant: number, tellsFleet: boolean) {
  const fleet = await createDaily(redis)
  const { store } = fleet.worker('w')
  await fleet.plan('it', `${instant} ${instant + 2 * DAY}`, instant - DAY)
  const listener = redis.client.duplicate()
  onTestFinished(() => listener.disconnect())
  const heads: string[] = []
  listener.on('message', (_channel: string, message: string) => heads.push(message))
  await listener.subscribe(fleet.keys.wake)
  const counts = await countCommands(redis.url, async () => {
    const { runs, shouldAnnounce } = await store.claim({ ...REQUEST, tellsFleet })
    expect(runs).toHaveLength(1)
    heads.push(shouldAnnounce ? 'left to the worker' : 'nothing is left to tell')
  })
  await fleet.client.publish(fleet.keys.wake, 'end')
  await waitFor(() => heads.includes('end'), { what: 'the last message' })
  return { told: heads.filter((head) => head !== 'end').sort(), calls: counts.get('evalsha') }
}

describe('a claim in a fleet of several workers', () => {
  it('a claim well before its instant announces the next due in the same call', async () => {
    const instant = past + DAY
    expect(await claimAt(instant, true)).toEqual({
      told: [`head ${instant + 2 * DAY} 1`, 'nothing is left to tell'],
      calls: 1,
    })
  })

  it('a claim whose run starts at once leaves the announcement to its worker, which makes it after the start', async () => {
    expect((await claimAt(past, true)).told).toEqual(['left to the worker'])
  })

  it('a claim of the only worker of a fleet publishes no message', async () => {
    expect((await claimAt(past + DAY, false)).told).toEqual(['left to the worker'])
  })
})
