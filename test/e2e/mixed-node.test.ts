import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { spawnWorker } from '../support/worker-process.js'
import { waitFor } from '../support/wait-for.js'

/** Another Node than the one that runs this, with other time-zone data: `EVERYBEAT_SECOND_NODE=/path/to/node`. */
const SECOND_NODE = process.env['EVERYBEAT_SECOND_NODE'] ?? ''

const FIXTURE = new URL('../support/fixtures/beat-worker.mjs', import.meta.url)
const redis = useRedis()

/** What the clocks show in each zone at midnight UTC of the next 20th of January, as a Node knows them. */
const READ_ZONES = `
  const now = new Date()
  const thisYear = Date.UTC(now.getUTCFullYear(), 0, 20)
  const at = thisYear > now ? thisYear : Date.UTC(now.getUTCFullYear() + 1, 0, 20)
  const zones = {}
  for (const timeZone of Intl.supportedValuesOf('timeZone')) {
    const format = new Intl.DateTimeFormat('en', { timeZone, hour: 'numeric', hourCycle: 'h23', minute: 'numeric' })
    zones[timeZone] = format.format(at)
  }
  console.log(JSON.stringify({ tz: process.versions.tz, zones }))`

interface Zones {
  tz: string
  zones: Record<string, string>
}

function readZones(node: string): Zones {
  return JSON.parse(execFileSync(node, ['-e', READ_ZONES], { encoding: 'utf8' })) as Zones
}

it('two versions of Node.js in one fleet are reported, and the worker with the newest time-zone data plans', async (ctx) => {
  const both = [process.execPath, SECOND_NODE].map((node) => ({ node, ...readZones(node) }))
  const [older, newer] = both.sort((left, right) => left.tz.localeCompare(right.tz)) as [Zones, Zones] & typeof both
  ctx.skip(older.tz === newer.tz, `both have the time-zone data ${older.tz}`)
  const moved = Object.entries(newer.zones).find(
    ([zone, clock]) => older.zones[zone] !== undefined && older.zones[zone] !== clock,
  )?.[0]
  const prefix = uniquePrefix('nodes')
  const settings = (declare: object) => ({ options: { redis: redis.url, prefix }, tellEvents: true, declare })
  const declare = moved === undefined ? {} : { january: { cron: '0 9 20 1 *', tz: moved } }
  const first = await spawnWorker({ fixture: FIXTURE, node: both[0]!.node, settings: settings(declare) })
  const plan = async () => Number.parseInt((await redis.client.hget(`{${prefix}}:state:january`, 'plan')) ?? '', 10)
  const plannedByOlder = await plan()
  const second = await spawnWorker({ fixture: FIXTURE, node: both[1]!.node, settings: settings({}) })
  const isTold = (worker: typeof first) => worker.journal.some(({ event }) => event === 'fleet:mixed-tz')
  await waitFor(() => isTold(first) || isTold(second), { what: 'the report' })
  const told = [first, second].flatMap(({ journal }) => journal.filter(({ event }) => event === 'fleet:mixed-tz'))
  expect(told[0]).toMatchObject({ versions: { [older.tz]: 1, [newer.tz]: 1 } })
  if (moved === undefined) return ctx.skip(`${older.tz} and ${newer.tz} agree on that day in every zone`)
  await waitFor(async () => (await plan()) !== plannedByOlder, { what: 'the plan to be corrected', timeoutMs: 30_000 })
  const hour = new Intl.DateTimeFormat('en', { timeZone: 'UTC', hour: 'numeric', hourCycle: 'h23' })
  const differenceHours = (plannedByOlder - (await plan())) / 3_600_000
  await ctx.annotate(
    `${moved}: ${hour.format(plannedByOlder)}h UTC by ${older.tz}, ${hour.format(await plan())}h by ${newer.tz}`,
  )
  expect(Math.abs(differenceHours)).toBeGreaterThan(0)
  expect(Math.abs(differenceHours)).toBeLessThanOrEqual(2)
})
