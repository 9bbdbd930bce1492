import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, VERSION, type Handler } from '../../../src/index.js'
import { instrument } from '../../../src/opentelemetry/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

async function startInstrumented(handler: Handler) {
  const spans = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] })
  const figures = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  const reader = new PeriodicExportingMetricReader({ exporter: figures, exportIntervalMillis: 3_600_000 })
  const meters = new MeterProvider({ readers: [reader] })
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix('otel'), logger: false })
  beat.task('work', handler)
  const tracer = provider.getTracer('test')
  const instrumentation = instrument(beat, { tracer, meter: meters.getMeter('test') })
  onTestFinished(async () => {
    await beat.stop()
    instrumentation.stop()
    await meters.shutdown()
  })
  await beat.start()
  /** The values of a metric, by its attributes as JSON. */
  const collect = async (name: string): Promise<Record<string, unknown>> => {
    figures.reset()
    await meters.forceFlush()
    const all = figures.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    const points = all.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
    return Object.fromEntries(points.map(({ attributes, value }) => [JSON.stringify(attributes), value]))
  }
  return { beat, spans, tracer, instrumentation, collect }
}

const endOf = (beat: Everybeat, name: string) =>
  waitFor(async () => (await beat.schedules.history(name))[0], { what: `the end of ${name}` })

describe('instrument', () => {
  it('a run is a root span of kind CONSUMER, and spans of the handler are its children', async () => {
    const { beat, spans, tracer } = await startInstrumented(async () => {
      await new Promise((resolve) => setImmediate(resolve))
      tracer.startSpan('query').end()
    })
    await beat.schedules.put('nightly', { task: 'work', at: new Date() })
    const entry = await endOf(beat, 'nightly')
    const [query, run, ...others] = spans.getFinishedSpans()
    expect(others).toEqual([])
    expect(run).toMatchObject({
      name: 'run work',
      kind: SpanKind.CONSUMER,
      parentSpanContext: undefined,
      links: [],
      status: { code: SpanStatusCode.UNSET },
      attributes: {
        'messaging.system': 'everybeat',
        'messaging.destination.name': 'work',
        'messaging.operation.type': 'process',
        'messaging.message.id': entry.runId,
        'faas.trigger': 'timer',
        'everybeat.schedule': 'nightly',
        'everybeat.attempt': 1,
        'everybeat.delivery': 1,
        'everybeat.fence': entry.fence,
        'everybeat.lateness_ms': expect.any(Number),
      },
    })
    expect(query?.parentSpanContext?.spanId).toBe(run?.spanContext().spanId)
  })

  it('runs, retries, skipped occurrences, lateness and claims are counted', async () => {
    const { beat, collect } = await startInstrumented((run) => {
      if (run.schedule === 'bad') throw new Error('no paper')
    })
    const backoff = { type: 'fixed', delay: 1 } as const
    await beat.schedules.put('good', { task: 'work', at: new Date() })
    await beat.schedules.put('bad', { task: 'work', at: new Date(), retries: 1, backoff })
    await beat.schedules.put('old', { task: 'work', at: new Date(Date.now() - 3_600_000), misfire: 'skip' })
    const runs = { '{"task":"work","outcome":"ok"}': 1, '{"task":"work","outcome":"failed"}': 1 }
    await waitFor(async () => Object.keys(await collect('everybeat.runs')).length === 2, { what: 'both runs' })
    await waitFor(async () => '{"reason":"misfire"}' in (await collect('everybeat.occurrences.skipped')), {
      what: 'the skipped occurrence',
    })
    expect(await collect('everybeat.runs')).toEqual(runs)
    expect(await collect('everybeat.retries')).toEqual({ '{"task":"work"}': 1 })
    expect(await collect('everybeat.run.lateness')).toMatchObject({ '{"task":"work"}': { count: 2 } })
    expect(await collect('everybeat.claims')).toHaveProperty('{"result":"won"}')
    expect(await collect('everybeat.runs.running')).toEqual({ '{}': 0 })
    expect(await collect('everybeat.connected')).toEqual({ '{}': 1 })
    expect(await collect('everybeat.run.duration')).toMatchObject({
      '{"task":"work","outcome":"ok"}': { count: 1 },
      '{"task":"work","outcome":"failed"}': { count: 1 },
    })
    expect(await collect('everybeat.claim.duration')).toHaveProperty('{}')
    expect(await collect('everybeat.slots.free')).toEqual({ '{}': 50 })
    expect(await collect('everybeat.build.info')).toEqual({ [JSON.stringify({ version: VERSION })]: 1 })
    expect(await collect('everybeat.event.loop.lag')).toEqual({ '{}': expect.any(Number) })
    expect(await collect('everybeat.clock.offset')).toEqual({ '{}': expect.any(Number) })
    expect(await collect('everybeat.redis.errors')).toEqual({})
  })

  it('the figures of the fleet are those of its indexes, and connected is 0 while Redis cannot be read', async () => {
    const { beat, collect } = await startInstrumented(() => {})
    await beat.schedules.put('later', { task: 'work', every: '1h' })
    await beat.schedules.put('off', { task: 'work', every: '1h' })
    await beat.schedules.pause('off')
    const states = {
      '{"state":"active"}': 1,
      '{"state":"paused"}': 1,
      '{"state":"finished"}': 0,
      '{"state":"invalid"}': 0,
    }
    expect(await collect('everybeat.schedules')).toEqual(states)
    expect(await collect('everybeat.due.backlog')).toEqual({ '{}': 0 })
    expect(await collect('everybeat.overdue')).toEqual({ '{}': 0 })
    expect(await collect('everybeat.pending.runs')).toEqual({ '{}': 0 })
    expect(await collect('everybeat.workers')).toEqual({ '{}': 1 })
    const lost = new Promise((resolve) => beat.once('connection:lost', resolve))
    onTestFinished(() => redis.restart())
    await redis.kill()
    await lost
    expect(await collect('everybeat.redis.errors')).toHaveProperty('{"kind":"connection"}')
    await waitFor(async () => (await collect('everybeat.connected'))['{}'] === 0, {
      what: 'a failed reading',
      timeoutMs: 30_000,
    })
  })

  it('an instance with nothing to run traces nothing, and one that is not instrumented is not traced', async () => {
    const { beat, spans, collect } = await startInstrumented(() => {})
    const other = new Everybeat({ redis: redis.url, prefix: uniquePrefix('otel'), logger: false })
    onTestFinished(() => other.stop())
    other.task('work', () => {})
    await other.start()
    await other.schedules.put('a', { task: 'work', at: new Date() })
    await endOf(other, 'a')
    await waitFor(async () => '{"result":"empty"}' in (await collect('everybeat.claims')), { what: 'an empty claim' })
    expect(spans.getFinishedSpans()).toEqual([])
    expect(beat.health().running).toBe(0)
  })

  it('a handler has no span after the instrumentation was stopped', async () => {
    const seen: unknown[] = []
    const { beat, spans, instrumentation } = await startInstrumented(() => void seen.push(trace.getActiveSpan()))
    instrumentation.stop()
    await beat.schedules.put('a', { task: 'work', at: new Date() })
    await endOf(beat, 'a')
    expect(seen).toEqual([undefined])
    expect(spans.getFinishedSpans()).toEqual([])
  })
})
