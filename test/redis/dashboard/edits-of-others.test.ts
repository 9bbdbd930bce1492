import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createDashboard, type Dashboard } from '../../../src/dashboard/index.js'
import type { Everybeat, SchedulePage } from '../../../src/index.js'
import { DashboardClient, EventReader } from '../../support/dashboard.js'
import { useFleet } from '../../support/fleet.js'
import { seedSchedules } from '../../support/many-schedules.js'
import { useRedis } from '../../support/redis.js'

/** More schedules than the dashboard reads again for each question. */
const COUNT = 2_400

const redis = useRedis()
const fleet = useFleet(redis)
let beat: Everybeat
let dashboard: Dashboard
let client: DashboardClient
/** Whether the dashboard reads pages of all schedules; while it does not, only announcements bring it edits. */
let isReadingHeld: boolean
let heldPages: (() => void)[]

beforeEach(async () => {
  const seeding = fleet.create()
  await seedSchedules(seeding, redis.client, fleet.prefix(), COUNT)
  beat = fleet.create()
  isReadingHeld = false
  heldPages = []
  const list = beat.schedules.list.bind(beat.schedules)
  beat.schedules.list = (async (options = {}) => {
    const page: SchedulePage = await list(options)
    if (isReadingHeld && options.limit === 200) await new Promise<void>((resolve) => heldPages.push(resolve))
    return page
  }) as typeof list
  dashboard = createDashboard(beat)
  client = new DashboardClient(dashboard)
  await client.get('schedules?q=warm')
  await expect.poll(subscribers, { timeout: 20_000 }).toBe(1)
  await expect
    .poll(async () => (await client.get('schedules?q=warm')).body.complete, { timeout: 30_000, interval: 100 })
    .toBe(true)
  isReadingHeld = true
  return () => {
    dashboard.close()
    for (const go of heldPages) go()
  }
})

const subscribers = async (): Promise<unknown> =>
  ((await redis.client.pubsub('NUMSUB', `{${fleet.prefix()}}:wake`)) as unknown[])[1]
const search = async (query: string) => (await client.get(`schedules?${query}`)).body
const namesOf = (body: { schedules: { name: string }[] }) => body.schedules.map(({ name }) => name)

describe('edits by others of a fleet with thousands of schedules', () => {
  it('a search finds schedules that another process wrote, and none that it removed, without a new reading of the catalogue', async () => {
    const other = fleet.create()
    await other.schedules.put('z-new', { task: 'fresh', every: '1h', tags: ['latest'] })
    await expect.poll(async () => namesOf(await search('tag=latest')), { timeout: 20_000 }).toEqual(['z-new'])
    await other.schedules.patch('z-new', { tags: ['older'] })
    await expect.poll(async () => namesOf(await search('tag=older')), { timeout: 20_000 }).toEqual(['z-new'])
    expect(namesOf(await search('tag=latest'))).toEqual([])
    await other.schedules.remove('z-new')
    await expect.poll(async () => namesOf(await search('q=z-new')), { timeout: 20_000 }).toEqual([])
  })

  it('counts by state come from the indexes of the fleet, which every edit updates', async () => {
    const other = fleet.create()
    await other.schedules.pause('s-000001')
    await other.schedules.put('s-000002', { task: 'task-2', every: '1h', enabled: false })
    await other.schedules.remove('s-000003')
    const counts = { active: COUNT - 3, paused: 2, finished: 0, invalid: 0 }
    for (const path of ['overview', 'schedules', 'schedules?q=s-0']) {
      expect((await client.get(path)).body.counts, path).toMatchObject(counts)
    }
    const { attention } = (await client.get('overview')).body
    expect(attention).toContainEqual(expect.objectContaining({ kind: 'paused', count: 2 }))
  })

  it('a watching browser receives each edit once, by this dashboard or by another process', async () => {
    const reader = new EventReader(await client.fetch('/api/events'))
    await reader.next(({ type }) => type === 'overview')
    const other = fleet.create()
    const told: string[] = []
    await client.create('z-own', { task: 'fresh', every: '1h' })
    await other.schedules.pause('s-000001')
    await client.post('schedules/s-000002/pause')
    await other.schedules.put('z-end', { task: 'fresh', every: '1h' })
    while (told.at(-1) !== 'created z-end') {
      const { data } = await reader.next(({ type }) => type === 'schedule')
      told.push(`${data.kind} ${data.name}`)
    }
    expect(told.sort()).toEqual(['changed s-000001', 'changed s-000002', 'created z-end', 'created z-own'])
    await reader.close()
  })

  it('the subscription of the dashboard ends a minute after the last question, and the next question begins it again', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    const idle = createDashboard(fleet.create())
    try {
      await new DashboardClient(idle).get('schedules')
      await expect.poll(subscribers).toBe(2)
      vi.advanceTimersByTime(45_000)
      await new DashboardClient(idle).get('schedules')
      vi.advanceTimersByTime(45_000)
      expect(await subscribers()).toBe(2)
      vi.advanceTimersByTime(30_000)
      await expect.poll(subscribers).toBe(1)
      await new DashboardClient(idle).get('schedules')
      await expect.poll(subscribers).toBe(2)
    } finally {
      vi.useRealTimers()
      idle.close()
    }
    await expect.poll(subscribers).toBe(1)
  })
})
