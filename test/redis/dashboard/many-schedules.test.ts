import { beforeAll, describe, expect, it } from 'vitest'
import { createDashboard } from '../../../src/dashboard/index.js'
import { DashboardClient } from '../../support/dashboard.js'
import { useFleet } from '../../support/fleet.js'
import { seedSchedules } from '../../support/many-schedules.js'
import { useRedis } from '../../support/redis.js'

const COUNT = 100_000
const PREFIX = 'many'
const redis = useRedis()
const fleet = useFleet(redis)
const create = () => fleet.create({ prefix: PREFIX })
const open = () => new DashboardClient(createDashboard(create()))
const names = Array.from({ length: COUNT }, (_, index) => `s-${String(index).padStart(6, '0')}`)
const namesOf = (body: { schedules: { name: string }[] }) => body.schedules.map(({ name }) => name)

beforeAll(async () => {
  const seeding = create()
  await seedSchedules(seeding, redis.client, PREFIX, COUNT)
  await seeding.stop()
}, 120_000)

/** How many commands the server has answered. */
async function commandCount(): Promise<number> {
  const stats = await redis.client.info('commandstats')
  return [...stats.matchAll(/^cmdstat_[^:]+:calls=(\d+)/gm)].reduce((sum, [, calls]) => sum + Number(calls), 0)
}

describe('a hundred thousand schedules', () => {
  it('a first page is answered in full while the catalogue is still being read, without waiting for the reading', async () => {
    const client = open()
    for (const path of ['schedules', 'schedules?sort=next']) {
      const { body } = await client.get(path)
      expect(body, path).toMatchObject({ total: COUNT, complete: true, counted: false })
      expect(body.schedules, path).toHaveLength(50)
    }
    expect((await client.get('overview')).body).toMatchObject({ total: COUNT, complete: false })
    // What is searched in is not all yet, and the answer says so.
    expect((await client.get('schedules?q=s-09')).body.complete).toBe(false)
    expect((await client.get('load')).body.complete).toBe(false)
  })

  it('a search over a hundred thousand schedules reads only the shown schedules from Redis, and its pages hold each schedule once', async () => {
    const client = open()
    await expect
      .poll(async () => (await client.get('schedules?q=s-099999')).body, { timeout: 60_000, interval: 500 })
      .toMatchObject({ complete: true, counted: true, total: 1, counts: { active: COUNT } })
    const before = await commandCount()
    const { body } = await client.get('schedules?q=099&limit=20')
    const calls = (await commandCount()) - before
    expect(body).toMatchObject({ total: names.filter((name) => name.includes('099')).length, complete: true })
    // A row is a definition and a history: a handful of commands, those inside the scripts included.
    expect(calls).toBeLessThanOrEqual(8 * 20 + 10)

    const tagged: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Awaited<ReturnType<typeof client.get>> = await client.get(
        `schedules?tag=rare&sort=-name&limit=500&cursor=${cursor}`,
      )
      tagged.push(...namesOf(page.body))
      cursor = page.body.cursor
    }
    expect(tagged).toEqual(names.filter((_, index) => index % 60 === 7).reverse())
    expect((await client.get('overview')).body).toMatchObject({ counts: { active: COUNT }, complete: true })
  })

  it('a page by the next instant begins where the previous page ended, at any position', async () => {
    const client = open()
    const seen = new Set<string>()
    let cursor = ''
    for (let page = 0; page < 5; page++) {
      const { body } = await client.get(`schedules?sort=next&limit=500&cursor=${encodeURIComponent(cursor)}`)
      for (const name of namesOf(body)) seen.add(name)
      cursor = body.cursor
    }
    expect(seen.size).toBe(2_500)
  })
})
