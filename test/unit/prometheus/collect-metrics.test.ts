import { channel } from 'node:diagnostics_channel'
import { Registry } from 'prom-client'
import { expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { collectMetrics } from '../../../src/prometheus/index.js'

function createBeat(): Everybeat {
  const beat = new Everybeat({ redis: 'memory:', logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 0 }))
  return beat
}

it.each([
  [{ prefix: '9_' }, /^prefix: expected the beginning of a metric name/],
  [{ registry: {} as never }, /^registry: expected a Registry of prom-client/],
  [{ labels: { task: 'a' } }, /^labels\.task: expected a label/],
  [{ labels: { 'a-b': 'a' } }, /^labels\.a-b: expected a label/],
  [{ labels: { team: 1 as never } }, /^labels\.team: expected a text, got 1/],
  [{ perSchedule: 'yes' as never }, /^perSchedule: expected true or false, got "yes"/],
  [{ prefx: 'a_' } as never, /^prefx: expected one of registry, prefix, labels, perSchedule/],
])('collectMetrics refuses the options %j and names the field', (options, message) => {
  const call = () => collectMetrics(createBeat(), options)
  expect(call).toThrow(message)
  expect(call).toThrow(expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS' }))
})

it('a second collection into a registry is refused, and the first one stays unchanged', () => {
  const registry = new Registry()
  const first = collectMetrics(createBeat(), { registry })
  onTestFinished(() => first.stop())
  const names = registry.getMetricsAsArray().length
  expect(() => collectMetrics(createBeat(), { registry })).toThrow(/registry: it has a metric everybeat_\w+ already/)
  expect(registry.getMetricsAsArray()).toHaveLength(names)
  const second = collectMetrics(createBeat(), { registry, prefix: 'other_' })
  expect(registry.getMetricsAsArray()).toHaveLength(2 * names)
  second.stop()
  expect(registry.getMetricsAsArray()).toHaveLength(names)
})

it('after stop the collection listens to no channel and to no event', () => {
  const beat = createBeat()
  const names = ['everybeat:claim', 'everybeat:settle', 'everybeat:skip', 'tracing:everybeat:run:start']
  const listening = () => names.filter((name) => channel(name).hasSubscribers)
  const events = () => ['lease:lost', 'connection:lost', 'error'].map((name) => beat.listenerCount(name as 'error'))
  const before = events()
  const metrics = collectMetrics(beat)
  expect(listening()).toEqual(names)
  metrics.stop()
  metrics.stop()
  expect(listening()).toEqual([])
  expect(events()).toEqual(before)
  expect(metrics.registry.getMetricsAsArray()).toEqual([])
})

it('a worker has a series for each of its first 100 tasks, and one for all others', async () => {
  const beat = createBeat()
  const metrics = collectMetrics(beat)
  onTestFinished(() => metrics.stop())
  await beat.start()
  const settle = (worker: string | null, task: string) =>
    channel('everybeat:settle').publish({ worker, task, outcome: 'ok', answer: 'settled', durationMs: 1 })
  for (let index = 0; index < 103; index++) settle(beat.health().worker, `task-${index}`)
  settle('a worker of another instance', 'foreign')
  const lines = (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith('everybeat_runs_total'))
  expect(lines).toHaveLength(101)
  expect(lines).toContain('everybeat_runs_total{task="other",outcome="ok"} 3')
  expect(lines.join('\n')).not.toContain('foreign')
})
