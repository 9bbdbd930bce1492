import type { Redis } from 'ioredis'
import { Everybeat, type DefinitionInput } from '../../src/index.js'
import { createTestFleet } from '../../src/testing/index.js'

/** The instant of the showcase: a winter morning with several faults. */
export const SHOWCASE_NOW = '2026-11-27T09:32:07Z'
const BEGINNING = '2026-11-27T07:30:00Z'
const PREFIX = 'shop'
const HOSTS = ['checkout-7d9f4c', 'checkout-b2x8kq', 'reports-5c6d7e', 'media-1']

/** A fleet with everything that a dashboard can show, at one fixed instant. */
export interface Showcase extends AsyncDisposable {
  /** A control client of the fleet, for a dashboard. */
  readonly beat: Everybeat
}

type Named = DefinitionInput & { name: string }

const DEFINITIONS: readonly Named[] = [
  {
    name: 'invoice-export',
    task: 'export',
    every: '5m',
    tags: ['billing', 'nightly-close'],
    owner: 'billing',
    note: 'Feeds the ledger of the accountants; ask before pausing it at the end of a month.',
    retries: 1,
    payload: { table: 'invoices', dsn: 'postgres://ledger', password: 'hunter2', since: 'last' },
  },
  {
    name: 'invoice-mail',
    task: 'mail',
    cron: '*/15 8-18 * * 1-5',
    tz: 'Europe/Berlin',
    tags: ['billing', 'mail'],
    owner: 'billing',
  },
  {
    name: 'price-feed',
    task: 'feed',
    every: '30s',
    tags: ['market'],
    owner: 'market-data',
    payload: { venues: ['XETR', 'XNAS'] },
  },
  { name: 'search-index', task: 'index', every: '1m', tags: ['search'], overlap: 'queue' },
  { name: 'thumbnail-sweep', task: 'resize', every: '10m', tags: ['media'], pool: 'media' },
  { name: 'session-cleanup', task: 'cleanup', cron: 'H * * * *' },
  { name: 'fraud-scores', task: 'score', every: '4m', tags: ['risk'], owner: 'risk', pauseAfter: 20 },
  {
    name: 'night-report',
    task: 'report',
    cron: '30 2 * * *',
    tz: 'America/New_York',
    tags: ['finance'],
    owner: 'finance',
  },
  {
    name: 'month-end-close',
    task: 'report',
    rrule: 'DTSTART;TZID=Europe/Berlin:20260131T180000\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1',
    tags: ['finance'],
    owner: 'finance',
  },
  { name: 'street-lights', task: 'lights', solar: 'sunset-30m', lat: 52.52, lon: 13.4, tz: 'Europe/Berlin' },
  { name: 'vacuum-analytics', task: 'vacuum', cron: '15 4 * * 0' },
  {
    name: 'a-name-that-a-program-made-of-customer-and-region-and-purpose-eu-central-1-tenant-004711-usage-metering-v2',
    task: 'meter',
    every: '6m',
    tags: ['metering'],
  },
  { name: 'launch-mail', task: 'mail', at: '2026-11-27T08:00:00Z', tags: ['growth'] },
  { name: 'partner-sync', task: 'sync', cron: '*/20 * * * *', owner: 'partners', tags: ['partners'] },
  { name: 'exchange-rates', task: 'feed', cron: '5 * * * *', tags: ['market'], owner: 'market-data' },
]

/** One that code declares. */
const DECLARED: Named = { name: 'cart-reminders', task: 'mail', every: '2m', tags: ['mail'], jitter: '20s' }

/** Two dozen tenants whose reports all start at one minute: a herd to come. */
const TENANTS: readonly Named[] = Array.from({ length: 24 }, (_, index) => ({
  name: `tenant-${String(index + 1).padStart(2, '0')}-usage`,
  task: 'meter',
  cron: '0 10 * * *',
  tags: ['tenants'],
}))

/** Makes the showcase: two hours of work on virtual time, the same at each call. */
export async function createShowcase(): Promise<Showcase> {
  const fleet = await createTestFleet({ now: BEGINNING, seed: 7, everybeat: { prefix: PREFIX } })
  const sleep = (ms: number) => fleet.sleep(ms)
  let calls = 0
  /** A number that goes up and down and is the same at each call. */
  const wave = (least: number, most: number) => Math.round(least + (((calls++ * 7_919) % 97) * (most - least)) / 97)
  const isSince = (at: string) => fleet.now.getTime() >= Date.parse(at)
  for (const [index, pool] of ['default', 'default', 'default', 'media'].entries()) {
    const concurrency = pool === 'media' ? 4 : 6
    await fleet.worker(
      (beat) => {
        if (pool === 'media') {
          beat.task('resize', { concurrency: 1 }, () =>
            sleep(isSince('2026-11-27T09:00:00Z') ? 7_200_000 : wave(40_000, 90_000)),
          )
          return
        }
        beat.task('export', async () => {
          await sleep(wave(900, 2_600))
          if (isSince('2026-11-27T08:55:00Z')) throw new Error('connect ECONNREFUSED 10.0.4.7:5432')
          return { rows: wave(80, 4_000) }
        })
        beat.task('mail', async () => {
          await sleep(wave(200, 900))
          return { sent: wave(3, 60) }
        })
        beat.task('feed', () => sleep(wave(40, 400)))
        beat.task('index', () => sleep(wave(8_000, index === 0 ? 70_000 : 30_000)))
        beat.task('cleanup', () => sleep(wave(50, 120)))
        beat.task('score', async () => {
          await sleep(wave(2_000, 30_000))
          if (calls % 9 === 0) throw new TypeError("Cannot read properties of undefined (reading 'score')")
        })
        beat.task('meter', () => sleep(wave(700, 9_000)))
        beat.task('report', () => sleep(60_000))
        beat.task('lights', () => sleep(20))
        beat.task('sync', () => sleep(wave(3_000, 5_000)))
      },
      { pool, concurrency, version: index === 1 ? '4.18.2' : '4.18.1' },
    )
  }
  const client = fleet.client()
  const beat = new Everybeat({ redis: client, prefix: PREFIX, logger: false })
  const as = (actor: string, via: 'cli' | 'dashboard') => beat.schedules.as({ actor, via })
  await fleet.sync([DECLARED], { owner: 'shop-web', prune: 'report' })
  await fleet.schedules.putMany([...DEFINITIONS, ...TENANTS])
  await fleet.advanceTo('2026-11-27T08:40:00Z')
  await as('ana', 'cli').patch('invoice-export', { every: '3m' })
  await as('ana', 'cli').patch('cart-reminders', { every: '3m' })
  await as('ben', 'dashboard').pause('partner-sync', {
    note: 'The partner moves to a new data centre: ask Ana before you resume it',
    until: '2026-11-27T18:00:00Z',
  })
  await fleet.advanceTo('2026-11-27T09:20:00Z')
  await as('ben', 'dashboard').patch('invoice-export', { retries: 2 })
  await fleet.advanceTo(SHOWCASE_NOW)
  await dress(client)
  return {
    beat,
    async [Symbol.asyncDispose]() {
      await beat.stop()
      await fleet[Symbol.asyncDispose]()
    },
  }
}

/** Writes what a fleet in one process cannot have: an invalid definition, hosts of their own, a clock that is off. */
async function dress(client: Redis): Promise<void> {
  await client.hset(`{${PREFIX}}:schedule:vacuum-analytics`, 'cron', '15 25 * * 0')
  const workers = await Promise.all(
    (await client.zrange(`{${PREFIX}}:workers`, 0, -1)).map(async (id) => {
      const key = `{${PREFIX}}:worker:${id}`
      return { key, pool: (await client.hget(key, 'pool')) ?? '' }
    }),
  )
  workers.sort((left, right) => (left.pool + left.key < right.pool + right.key ? -1 : 1))
  for (const [index, { key }] of workers.entries()) {
    const own = { host: HOSTS[index]!, pid: String(17 + index), node: 'v22.11.0', tz: '2026b' }
    await client.hset(key, own)
  }
}
