import { execFileSync, spawnSync } from 'node:child_process'
import { Registry, type Histogram } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import type { Everybeat } from '../../src/index.js'
import { collectMetrics, type MetricsOptions } from '../../src/prometheus/index.js'
import { countCommands, scriptCalls } from '../support/command-counts.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined

/** Every metric of the contract and its labels, without `le` of histograms. */
const CONTRACT: Record<string, string[]> = {
  run_lateness_seconds: ['task'],
  run_duration_seconds: ['task', 'outcome'],
  runs_total: ['task', 'outcome'],
  occurrences_skipped_total: ['reason'],
  retries_total: ['task'],
  lease_lost_total: [],
  redis_errors_total: ['kind'],
  runs_running: [],
  slots_free: [],
  claims_total: ['result'],
  claim_duration_seconds: [],
  clock_offset_seconds: [],
  event_loop_lag_seconds: [],
  connected: [],
  build_info: ['version'],
  schedules: ['state'],
  due_backlog: [],
  overdue_seconds: [],
  pending_runs: [],
  workers: [],
  schedule_next_timestamp_seconds: ['schedule'],
  schedule_last_success_timestamp_seconds: ['schedule'],
  schedule_consecutive_failures: ['schedule'],
}

interface Series {
  readonly labels: Record<string, string | number>
  readonly value: number
}

function collect(beat: Everybeat, options?: MetricsOptions): ReturnType<typeof collectMetrics> {
  const metrics = collectMetrics(beat, options)
  onTestFinished(() => metrics.stop())
  return metrics
}

async function seriesOf(registry: Registry, name: string): Promise<Series[]> {
  const metric = await registry.getSingleMetric(name)!.get()
  return metric.values.map(({ labels, value }) => ({ labels: labels as Series['labels'], value }))
}

/** Runs, fails, retries and skips once each on a started worker. */
async function workThrough(beat: Everybeat): Promise<void> {
  beat.task('good', () => {})
  beat.task('bad', () => {
    throw new Error('no luck')
  })
  await beat.start()
  const skipped = nextEvent(beat, 'run:skipped')
  const succeeded = nextEvent(beat, 'run:succeeded')
  const failed = nextEvent(beat, 'run:failed')
  const backoff = { type: 'fixed', delay: 1, max: 1 } as const
  await beat.schedules.put('good', { task: 'good', at: new Date() })
  await beat.schedules.put('bad', { task: 'bad', at: new Date(), retries: 1, backoff })
  await beat.schedules.put('old', { task: 'good', at: new Date(Date.now() - 3_600_000), misfire: 'skip' })
  await beat.schedules.put('later', { task: 'good', every: '1h' })
  await Promise.all([skipped, succeeded, failed])
}

it('every metric of the contract has a value and its labels after a run, a failure, a retry and a skip', async () => {
  const beat = fleet.create()
  const registry = new Registry()
  collect(beat, { registry, perSchedule: true, labels: { service: 'shop' } })
  await workThrough(beat)
  // A restart of the server causes an error of a claim.
  await redis.kill()
  const errors = () => seriesOf(registry, 'everybeat_redis_errors_total')
  await waitFor(async () => (await errors()).some(({ value }) => value > 0), {
    what: 'an error of Redis',
  })
  expect(await seriesOf(registry, 'everybeat_build_info')).toHaveLength(1)
  expect(await seriesOf(registry, 'everybeat_connected')).toEqual([{ labels: { service: 'shop' }, value: 0 }])
  await redis.restart()
  await waitFor(() => beat.health().ok, { what: 'the worker to be connected again', timeoutMs: 30_000 })
  await waitFor(async () => (await seriesOf(registry, 'everybeat_slots_free')).length === 1, {
    what: 'a reading of the fleet with this worker in it',
    timeoutMs: 30_000,
    intervalMs: 200,
  })
  const found = await Promise.all(registry.getMetricsAsArray().map(({ name }) => namesOf(registry, name)))
  // The server lost what it held: what its schedules were is not there any more.
  const own = Object.entries(CONTRACT).filter(([name]) => !name.startsWith('schedule_'))
  const expected = own.map(([name, labels]) => [`everybeat_${name}`, [...labels, 'service'].sort()])
  expect(found.filter(([name]) => !String(name).includes('_schedule_')).sort(byName)).toEqual(expected.sort(byName))
})

async function namesOf(registry: Registry, name: string): Promise<[string, string[]]> {
  const labels = (await seriesOf(registry, name)).flatMap((series) => Object.keys(series.labels))
  return [name, [...new Set(labels)].filter((label) => label !== 'le').sort()]
}

const byName = ([left]: unknown[], [right]: unknown[]) => (String(left) < String(right) ? -1 : 1)

it('the metrics count the work of this worker alone, and give the present state of the fleet', async () => {
  const beat = fleet.create({ concurrency: 7 })
  const other = fleet.create()
  const { registry } = collect(beat, { perSchedule: true, prefix: 'shop_' })
  const unused = collect(other)
  await workThrough(beat)
  await beat.schedules.pause('good')
  const text = await waitFor(
    async () => ((await registry.metrics()).includes('shop_workers 1') ? registry.metrics() : null),
    { what: 'the worker in its fleet' },
  )
  const lines = text.split('\n')
  expect(lines).toEqual(
    expect.arrayContaining([
      'shop_runs_total{task="good",outcome="ok"} 1',
      'shop_runs_total{task="bad",outcome="failed"} 1',
      'shop_retries_total{task="bad"} 1',
      'shop_occurrences_skipped_total{reason="misfire"} 1',
      'shop_run_lateness_seconds_count{task="good"} 1',
      'shop_run_lateness_seconds_count{task="bad"} 1',
      'shop_run_duration_seconds_count{task="bad",outcome="failed"} 1',
      'shop_lease_lost_total 0',
      'shop_runs_running 0',
      'shop_slots_free 7',
      'shop_connected 1',
      'shop_schedules{state="active"} 1',
      'shop_schedules{state="paused"} 1',
      'shop_schedules{state="finished"} 2',
      'shop_due_backlog 0',
      'shop_overdue_seconds 0',
      'shop_pending_runs 0',
      'shop_schedule_consecutive_failures{schedule="bad"} 1',
      'shop_schedule_consecutive_failures{schedule="good"} 0',
    ]),
  )
  expect(text).toMatch(/^shop_schedule_last_success_timestamp_seconds\{schedule="good"\} 1\d{9}/m)
  expect(text).toMatch(/^shop_schedule_next_timestamp_seconds\{schedule="later"\} 1\d{9}/m)
  expect(text).toMatch(/^shop_claims_total\{result="won"\} [1-9]/m)
  expect(await seriesOf(unused.registry, 'everybeat_runs_total')).toEqual([])
  for (const name of Object.keys(CONTRACT)) expect(text).toContain(`# TYPE shop_${name} `)
  // promtool reads the text as Prometheus does.
  if (hasPromtool) execFileSync('promtool', ['check', 'metrics'], { input: text })
})

it('an instance without a worker reads the fleet, and its backlog while no worker claims', async () => {
  const client = fleet.create()
  const { registry } = collect(client)
  for (const name of ['a', 'b']) await client.schedules.put(name, { task: 'none', at: new Date(Date.now() - 5_000) })
  expect(await seriesOf(registry, 'everybeat_due_backlog')).toEqual([{ labels: {}, value: 2 }])
  expect((await seriesOf(registry, 'everybeat_overdue_seconds'))[0]!.value).toBeGreaterThanOrEqual(5)
  expect(await seriesOf(registry, 'everybeat_connected')).toEqual([{ labels: {}, value: 1 }])
  expect(await seriesOf(registry, 'everybeat_slots_free')).toEqual([])
})

it('Redis is read at scrapes only, and one reading serves every gauge of a scrape', async () => {
  const client = fleet.create()
  await client.schedules.put('some', { task: 'none', every: '1h' })
  const { registry } = collect(client)
  const countCalls = async (action: () => Promise<unknown>) =>
    scriptCalls(await countCommands(redis.url, async () => void (await action())))
  expect(await countCalls(() => client.schedules.get('some'))).toBe(1)
  const scrapes = () => Promise.all([registry.metrics(), registry.metrics(), registry.metrics()])
  expect(await countCalls(scrapes)).toBe(1)
  expect(await countCalls(scrapes)).toBe(0)
})

it('no start is counted before the handlers of all runs of the instant have been called', async () => {
  const beat = fleet.create()
  const { registry } = collect(beat)
  const lateness = registry.getSingleMetric('everybeat_run_lateness_seconds') as unknown as Histogram
  const { observe } = lateness
  let counted = 0
  lateness.observe = (...values: unknown[]) => {
    counted += 1
    observe.apply(lateness, values as never)
  }
  const countedAtCalls: number[] = []
  beat.task('work', () => void countedAtCalls.push(counted))
  const names = ['first', 'second', 'third']
  await beat.schedules.putMany(names.map((name) => ({ name, task: 'work', at: new Date() })))
  await beat.start()
  await waitFor(() => counted === 3, { what: 'three starts' })
  expect(countedAtCalls).toEqual([0, 0, 0])
  const series = await seriesOf(registry, 'everybeat_run_lateness_seconds')
  expect(series.filter(({ labels }) => labels['le'] === '+Inf')).toMatchObject([{ value: 3 }])
})

it('no metric counts a run after stop', async () => {
  const beat = fleet.create()
  const { registry, stop } = collect(beat)
  const runs = registry.getSingleMetric('everybeat_runs_total')!
  stop()
  await workThrough(beat)
  expect((await runs.get()).values).toEqual([])
})
