import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, type TestContext } from 'vitest'
import { PROJECT_DIR } from '../../support/build.js'
import { useFleet } from '../../support/fleet.js'
import { startPrometheus, type PrometheusServer } from '../../support/prometheus-server.js'
import { useRedis } from '../../support/redis.js'
import { ensureTool } from '../../support/tools.js'
import { waitFor } from '../../support/wait-for.js'
import { spawnWorker } from '../../support/worker-process.js'

const redis = useRedis()
const fleet = useFleet(redis)
const alertsFile = join(PROJECT_DIR, 'docs/monitoring/alerts.yml')

const HISTOGRAM_PARTS = ['bucket', 'count', 'sum']
const histogram = (name: string, labels: readonly string[]) =>
  HISTOGRAM_PARTS.map((part) => [`${name}_${part}`, part === 'bucket' ? [...labels, 'le'] : [...labels]] as const)

/** Every series of the contract and its labels, as Prometheus stores them. */
const CONTRACT = new Map<string, string[]>(
  [
    ...histogram('run_lateness_seconds', ['task']),
    ...histogram('run_duration_seconds', ['task', 'outcome']),
    ...histogram('claim_duration_seconds', []),
    ['runs_total', ['task', 'outcome']] as const,
    ['occurrences_skipped_total', ['reason']] as const,
    ['retries_total', ['task']] as const,
    ['lease_lost_total', []] as const,
    ['redis_errors_total', ['kind']] as const,
    ['runs_running', []] as const,
    ['slots_free', []] as const,
    ['claims_total', ['result']] as const,
    ['clock_offset_seconds', []] as const,
    ['event_loop_lag_seconds', []] as const,
    ['connected', []] as const,
    ['build_info', ['version']] as const,
    ['schedules', ['state']] as const,
    ['due_backlog', []] as const,
    ['overdue_seconds', []] as const,
    ['pending_runs', []] as const,
    ['workers', []] as const,
    ['schedule_next_timestamp_seconds', ['schedule']] as const,
    ['schedule_last_success_timestamp_seconds', ['schedule']] as const,
    ['schedule_consecutive_failures', ['schedule']] as const,
  ].map(([name, labels]) => [`everybeat_${name}`, [...labels].sort()]),
)

/** Two worker processes, and a Prometheus server that scrapes both. */
async function startAll(context: TestContext) {
  const tool = await ensureTool('prometheus')
  if (tool.kind === 'missing') return context.skip(tool.reason)
  const settings = {
    options: { redis: redis.url, prefix: fleet.prefix(), concurrency: 5 },
    metrics: { perSchedule: true },
  }
  const fixture = new URL('../../support/fixtures/metrics-worker.mjs', import.meta.url)
  const workers = await Promise.all([spawnWorker({ fixture, settings }), spawnWorker({ fixture, settings })])
  const ready = await Promise.all(workers.map((worker) => worker.next('ready')))
  const targets = ready.map(({ port }) => `127.0.0.1:${String(port)}`)
  const prometheus = await startPrometheus(tool.path, targets, alertsFile)
  context.onTestFinished(() => prometheus[Symbol.asyncDispose]())
  return { workers, targets, prometheus }
}

/** The value of an expression that gives one number; null where it gives none. */
async function valueOf(prometheus: PrometheusServer, expression: string): Promise<number | null> {
  const route = `query?query=${encodeURIComponent(expression)}`
  const { result } = await prometheus.api<{ result: { value: [number, string] }[] }>(route)
  expect(result.length, expression).toBeLessThanOrEqual(1)
  return result[0] === undefined ? null : Number(result[0].value[1])
}

async function putSchedules(): Promise<void> {
  const { schedules } = fleet.create()
  const at = new Date()
  await schedules.put('good', { task: 'good', at })
  await schedules.put('bad', { task: 'bad', at, retries: 1, backoff: { type: 'fixed', delay: 1, max: 1 } })
  await schedules.put('old', { task: 'good', at: new Date(Date.now() - 3_600_000), misfire: 'skip' })
  await schedules.put('slow', { task: 'slow', at })
  await schedules.put('later', { task: 'good', every: '1h' })
  await schedules.put('paused', { task: 'good', every: '1h' })
  await schedules.pause('paused')
  await schedules.put('unserved', { task: 'nobody-has-it', at })
}

it('a Prometheus server scrapes a fleet: names, labels, types and figures are those of the contract', async (context) => {
  const { workers, targets, prometheus } = await startAll(context)
  await putSchedules()
  const reaches = (expression: string, wanted: number) =>
    waitFor(async () => (await valueOf(prometheus, expression)) === wanted, {
      what: `${expression} to be ${wanted}`,
      timeoutMs: 60_000,
      intervalMs: 250,
    })
  await reaches('sum(up{job="everybeat"})', targets.length)
  await reaches('sum(everybeat_runs_total{task="good",outcome="ok"})', 1)
  await reaches('sum(everybeat_runs_total{task="bad",outcome="failed"})', 1)
  await reaches('sum(everybeat_retries_total{task="bad"})', 1)
  await reaches('sum(everybeat_occurrences_skipped_total{reason="misfire"})', 1)
  await reaches('sum(everybeat_run_lateness_seconds_count)', 3)
  await reaches('sum(everybeat_runs_running)', 1)
  await reaches('sum(everybeat_slots_free)', 9)
  await reaches('max(everybeat_schedules{state="active"})', 2)
  await reaches('max(everybeat_schedules{state="paused"})', 1)
  await reaches('max(everybeat_schedules{state="finished"})', 4)
  await reaches('max(everybeat_due_backlog)', 1)
  await reaches('max(everybeat_overdue_seconds) > bool 0', 1)
  await reaches('max(everybeat_workers)', 2)
  await reaches('min(everybeat_connected)', 1)
  for (const worker of workers) worker.send({ release: true })
  await reaches('sum(everybeat_run_duration_seconds_count{task="slow",outcome="ok"})', 1)

  const found = await prometheus.api<Record<string, string>[]>('series?match[]={__name__=~"everybeat_.*"}')
  const series = new Map<string, Set<string>>()
  for (const { __name__: name = '', job, instance, ...labels } of found) {
    expect([job, targets.includes(instance!)]).toEqual(['everybeat', true])
    series.set(name, new Set([...(series.get(name) ?? []), ...Object.keys(labels)]))
  }
  const shown = [...series].map(([name, labels]): [string, string[]] => [name, [...labels].sort()])
  expect(new Map(shown.sort())).toEqual(new Map([...CONTRACT].sort()))
})

it('Prometheus loads every alert rule, and answers every query of the dashboard', async (context) => {
  const { prometheus } = await startAll(context)
  await waitFor(async () => (await valueOf(prometheus, 'count(everybeat_build_info)')) === 2, {
    what: 'the first scrapes',
    timeoutMs: 60_000,
    intervalMs: 250,
  })
  type Group = { rules: { name: string; health: string; lastError?: string }[] }
  const rules = await waitFor(
    async () => {
      const { groups } = await prometheus.api<{ groups: Group[] }>('rules')
      const all = groups.flatMap((group) => group.rules)
      return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : null
    },
    { what: 'the rules to be evaluated', timeoutMs: 60_000, intervalMs: 250 },
  )
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([])
  expect(rules.length).toBe(readFileSync(alertsFile, 'utf8').match(/- alert:/g)!.length)
  const dashboard = JSON.parse(readFileSync(join(PROJECT_DIR, 'docs/monitoring/grafana.json'), 'utf8')) as {
    panels: { targets: { expr: string }[] }[]
  }
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  expect(queries.length).toBeGreaterThan(5)
  // Grafana puts in its variables, as here.
  for (const query of queries) {
    const text = query.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '6h')
    expect(text).not.toContain('$')
    await prometheus.api(`query?query=${encodeURIComponent(text)}`)
  }
})
