import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { Everybeat } from '../../src/index.js'
import { collectMetrics } from '../../src/prometheus/index.js'
import { PROJECT_DIR } from '../support/build.js'
import { codeSpans, firstCells, readPages } from '../support/markdown.js'
import { ensureTool } from '../support/tools.js'

const alertsFile = join(PROJECT_DIR, 'docs/monitoring/alerts.yml')
const alerts = parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: { alert: string; expr: string }[] }[] }
const rules = alerts.groups.flatMap((group) => group.rules)
const dashboard = JSON.parse(readFileSync(join(PROJECT_DIR, 'docs/monitoring/grafana.json'), 'utf8')) as {
  panels: { id: number; title: string; targets: { expr: string }[] }[]
}
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
const guide = readPages().find(({ path }) => path === 'docs/guides/monitoring.md')!

/** The metrics that the code makes, as Prometheus knows them: a histogram has series for its buckets, sum and count. */
function knownMetrics(): { names: string[]; series: string[] } {
  const { registry, stop } = collectMetrics(new Everybeat({ redis: 'memory:', logger: false }), { perSchedule: true })
  const names = registry.getMetricsAsArray().map(({ name }) => name)
  const histograms = registry.getMetricsAsArray().filter((metric) => 'buckets' in metric)
  stop()
  const parts = histograms.flatMap(({ name }) => ['bucket', 'sum', 'count'].map((part) => `${name}_${part}`))
  const whole = names.filter((name) => !histograms.some((histogram) => histogram.name === name))
  return { names, series: [...whole, ...parts] }
}

const { names, series } = knownMetrics()
const namedIn = (texts: readonly string[]) => texts.flatMap((text) => text.match(/\beverybeat_\w+/g) ?? [])

describe('docs/monitoring', () => {
  it('the alert rules and the dashboard name existing metrics only', () => {
    const named = [...namedIn(rules.map(({ expr }) => expr)), ...namedIn(expressions)]
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !series.includes(name))).toEqual([])
  })

  it('each panel of the dashboard has an id of its own, a title and a query', () => {
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(dashboard.panels.filter(({ title, targets }) => title === '' || targets.length === 0)).toEqual([])
  })

  it('the guide has a row for every metric and for every alert, and for no others', () => {
    const rows = firstCells(guide).flatMap(codeSpans)
    const metrics = names.map((name) => name.replace(/^everybeat_/, ''))
    const options = ['registry', 'prefix', 'labels', 'perSchedule']
    expect(rows.sort()).toEqual([...metrics, ...options, ...rules.map(({ alert }) => alert)].sort())
  })

  it('promtool accepts the alert rules, and each alert fires for its symptom and for no other', async (context) => {
    // Debian has promtool in the package of the server.
    const tool = await ensureTool('prometheus')
    if (tool.kind === 'missing') return context.skip(tool.reason)
    const promtool = (...options: string[]) => execFileSync('promtool', options, { encoding: 'utf8' })
    expect(promtool('check', 'rules', alertsFile)).toContain(`${rules.length} rules found`)
    const cases = join(PROJECT_DIR, 'test/contract/alert-rules.yml')
    expect(promtool('test', 'rules', cases)).toContain('SUCCESS')
    const tried = readFileSync(cases, 'utf8')
    expect(rules.map(({ alert }) => alert).filter((alert) => !tried.includes(`alertname: ${alert}`))).toEqual([])
  })
})
