import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse, stringify } from 'yaml'
import { PROJECT_DIR } from '../../support/build.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { ensureTool } from '../../support/tools.js'
import { waitFor } from '../../support/wait-for.js'
import { startCli } from '../cli-runner.js'
import { startExample } from './example-process.js'
import { freePort } from '../../support/free-port.js'

interface Service {
  command?: string[]
  build?: string
  environment?: Record<string, string>
  stop_grace_period?: string
  depends_on?: Record<string, { condition: string }>
  ports?: string[]
  volumes?: string[]
}
interface ComposeFile {
  services: Record<'redis' | 'worker' | 'dashboard' | 'prometheus', Service>
  volumes: Record<string, null>
}
interface ScrapeConfig {
  dns_sd_configs?: { names: string[]; port: number }[]
  static_configs?: { targets: string[] }[]
}

const dir = join(PROJECT_DIR, 'docs/examples/compose')
const { services, volumes } = parse(readFileSync(join(dir, 'compose.yaml'), 'utf8')) as ComposeFile
const scraping = parse(readFileSync(join(dir, 'prometheus.yml'), 'utf8')) as { scrape_configs: ScrapeConfig[] }
const redis = useRedis({ args: services.redis.command!.slice(1) })
const TOKEN = 'a secret of thirty-two characters'

async function startWorker(prefix: string): Promise<{ url: string; stop(): Promise<number | string | null> }> {
  const { STOP_TIMEOUT_MS = '' } = services.worker.environment!
  const env = { REDIS_URL: redis.url, PREFIX: prefix, METRICS_PORT: '0', STOP_TIMEOUT_MS }
  const worker = startExample('compose/worker.mjs', env)
  const [, port] = await worker.line(/port: (\d+)/)
  return { url: `127.0.0.1:${port}`, stop: () => worker.stop() }
}

/** Runs Prometheus with the configuration of the example, but with the addresses of the workers in place of names. */
async function startPrometheus(program: string, targets: string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'everybeat-prometheus-'))
  const [config] = scraping.scrape_configs
  const { dns_sd_configs: _names, ...rest } = config!
  const local = {
    ...scraping,
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ ...rest, static_configs: [{ targets }] }],
  }
  writeFileSync(join(folder, 'prometheus.yml'), stringify(local))
  copyFileSync(join(PROJECT_DIR, 'docs/monitoring/alerts.yml'), join(folder, 'alerts.yml'))
  const port = await freePort()
  const options = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`]
  const child = spawn(program, [...options, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' })
  onTestFinished(async () => {
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    rmSync(folder, { recursive: true, force: true })
  })
  return `http://127.0.0.1:${port}`
}

describe('docs/examples/compose', () => {
  it('the services of the compose example name existing volumes, files and services, and give workers longer to stop than runs', () => {
    const named = Object.values(services)
      .flatMap((service) => service.volumes ?? [])
      .map((text) => text.split(':')[0]!)
    expect(named.filter((name) => /^\w/.test(name)).sort()).toEqual(Object.keys(volumes).sort())
    for (const file of named.filter((name) => name.startsWith('.'))) readFileSync(join(dir, file))
    for (const { depends_on = {} } of Object.values(services)) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        expect(services[name as 'redis'], name).toHaveProperty('healthcheck')
        expect(condition).toBe('service_healthy')
      }
    }
    const { environment, stop_grace_period } = services.worker
    expect(Number.parseInt(stop_grace_period!) * 1000).toBeGreaterThan(Number(environment!['STOP_TIMEOUT_MS']))
    expect(scraping.scrape_configs[0]!.dns_sd_configs).toMatchObject([
      { names: ['worker'], port: Number(environment!['METRICS_PORT']) },
    ])
    // What is open to others beside this machine is nothing.
    const ports = Object.values(services).flatMap((service) => service.ports ?? [])
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  it('the dashboard of the compose example accepts the token, shows the runs of its workers, and does not start without a token', async () => {
    const prefix = uniquePrefix('compose')
    await startWorker(prefix)
    const [, ...parameters] = services.dashboard.command!
    const local = parameters.map((text, index) => (parameters[index - 1] === '--port' ? '0' : text))
    const env = { EVERYBEAT_REDIS_URL: redis.url, EVERYBEAT_PREFIX: prefix }
    expect(await startCli(local, { env }).ended).toMatchObject({ exitCode: 2 })
    const dashboard = startCli([...local, '--json'], { env: { ...env, EVERYBEAT_DASHBOARD_TOKEN: TOKEN } })
    const { port } = JSON.parse(await dashboard.line(/listening/)) as { port: number }
    const ask = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/api/schedules`, { headers })
    expect((await ask({})).status).toBe(401)
    expect(await (await ask({ authorization: `Bearer ${TOKEN}` })).text()).toContain('"count"')
    dashboard.kill('SIGTERM')
    expect((await dashboard.ended).exitCode).toBe(0)
  })

  it('Prometheus of the compose example scrapes both workers with the rules of the package, and a worker drains on SIGTERM', async ({
    skip,
  }) => {
    const tool = await ensureTool('prometheus')
    if (tool.kind === 'missing') return skip(tool.reason)
    const prefix = uniquePrefix('compose')
    const workers = [await startWorker(prefix), await startWorker(prefix)]
    for (const { url } of workers) {
      await waitFor(async () => (await fetch(`http://${url}/readyz`)).ok, { what: 'a worker to be ready' })
    }
    const url = await startPrometheus(
      tool.path,
      workers.map((worker) => worker.url),
    )
    const ask = async (path: string): Promise<unknown> => await (await fetch(`${url}/api/v1/${path}`)).json()
    const query = `query?query=${encodeURIComponent('sum(everybeat_runs_total{outcome="ok",task="count"}) > 2 and count(up == 1) == 2')}`
    const isScraped = async (): Promise<boolean> =>
      ((await ask(query)) as { data: { result: object[] } }).data.result.length > 0
    await waitFor(() => isScraped().catch(() => false), {
      what: 'runs of both workers in Prometheus',
      timeoutMs: 60_000,
    })
    expect(JSON.stringify(await ask('rules'))).toContain('EverybeatOverdue')
    expect(await Promise.all(workers.map((worker) => worker.stop()))).toEqual([0, 0])
  })

  it('promtool accepts the Prometheus configuration of the compose example', async ({ skip }) => {
    const tool = await ensureTool('prometheus')
    if (tool.kind === 'missing') return skip(tool.reason)
    const folder = mkdtempSync(join(tmpdir(), 'everybeat-promtool-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    copyFileSync(join(dir, 'prometheus.yml'), join(folder, 'prometheus.yml'))
    copyFileSync(join(PROJECT_DIR, 'docs/monitoring/alerts.yml'), join(folder, 'alerts.yml'))
    const said = execFileSync('promtool', ['check', 'config', join(folder, 'prometheus.yml')], { encoding: 'utf8' })
    expect(said).toContain('SUCCESS')
  })
})
