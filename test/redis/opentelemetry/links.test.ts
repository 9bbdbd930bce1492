import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Everybeat, Handler } from '../../../src/index.js'
import { instrument } from '../../../src/opentelemetry/index.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'
import { spawnWorker } from '../../support/worker-process.js'

const redis = useRedis()
const fleet = useFleet(redis)

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

/** A worker of the fleet of this test, not started, and what it exports. */
function createInstrumented(handler: Handler, isSampled = true) {
  const spans = new InMemorySpanExporter()
  const sampler = isSampled ? new AlwaysOnSampler() : new AlwaysOffSampler()
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)], sampler })
  const tracer = provider.getTracer('test')
  const beat = fleet.create({ leaseMs: 1_000 })
  beat.task('work', handler)
  const { stop } = instrument(beat, { tracer })
  onTestFinished(stop)
  return { beat, spans, tracer }
}

const runsOf = (spans: InMemorySpanExporter): ReadableSpan[] =>
  spans.getFinishedSpans().filter(({ name }) => name === 'run work')

const linksOf = (span: ReadableSpan | undefined) =>
  span?.links.map(({ context: { traceId, spanId } }) => ({ traceId, spanId }))

function idsOf(span: ReadableSpan | undefined): { traceId: string; spanId: string } {
  const { traceId, spanId } = span!.spanContext()
  return { traceId, spanId }
}

const endOf = (beat: Everybeat, name: string) =>
  waitFor(async () => (await beat.schedules.history(name))[0], { what: `the end of ${name}`, timeoutMs: 30_000 })

describe('the trace of a run', () => {
  it('a retry is a trace of its own, linked to the first attempt, also on another worker', async () => {
    const handler: Handler = (run) => {
      if (run.attempt < 3) throw new Error('no paper')
    }
    const first = createInstrumented(async (run) => {
      // This worker claims nothing more: the other one has to make the other attempts.
      first.beat.pause()
      await handler(run)
    })
    const second = createInstrumented(handler)
    await first.beat.start()
    const backoff = { type: 'fixed', delay: 1 } as const
    await first.beat.schedules.put('flaky', { task: 'work', at: new Date(), retries: 2, backoff })
    await waitFor(() => runsOf(first.spans).length === 1, { what: 'the first attempt' })
    await second.beat.start()
    await endOf(first.beat, 'flaky')
    const [attempt1] = runsOf(first.spans)
    const [attempt2, attempt3, ...others] = runsOf(second.spans)
    expect(others).toEqual([])
    expect(attempt1?.attributes).toMatchObject({ 'everybeat.attempt': 1 })
    expect(attempt1?.status.message).toBe('no paper')
    expect(attempt1?.events[0]).toMatchObject({ attributes: { 'exception.message': 'no paper' } })
    expect(linksOf(attempt1)).toEqual([])
    expect(attempt2?.attributes).toMatchObject({ 'everybeat.attempt': 2 })
    expect(linksOf(attempt2)).toEqual([idsOf(attempt1)])
    expect(attempt3?.attributes).toMatchObject({ 'everybeat.attempt': 3 })
    expect(linksOf(attempt3)).toEqual([idsOf(attempt1)])
    expect(new Set([attempt1, attempt2, attempt3].map((span) => idsOf(span).traceId)).size).toBe(3)
  })

  it('a rerun after the death of a worker is linked to the first start, which the dead worker made', async () => {
    const settings = { redis: redis.url, prefix: fleet.prefix(), leaseMs: 1_000 }
    const fixture = new URL('../../support/fixtures/traced-worker.mjs', import.meta.url)
    const dying = await spawnWorker({ fixture, settings })
    const { beat, spans } = createInstrumented(() => {})
    await beat.schedules.put('again', { task: 'work', at: new Date(), onCrash: 'rerun' })
    const { traceId, spanId } = await dying.next('started')
    await waitFor(
      async () => /00-[0-9a-f]{32}/.test(JSON.stringify(await redis.client.hgetall(`{${fleet.prefix()}}:state:again`))),
      { what: 'the trace to be stored' },
    )
    await dying.kill()
    await beat.start()
    await endOf(beat, 'again')
    const [rerun] = runsOf(spans)
    expect(rerun?.attributes).toMatchObject({ 'everybeat.delivery': 2, 'everybeat.attempt': 1 })
    expect(linksOf(rerun)).toEqual([{ traceId, spanId }])
  })

  it('a manual run is linked to the span that was active at its request, and its retry to its own first attempt', async () => {
    const { beat, spans, tracer } = createInstrumented((run) => {
      if (run.attempt === 1) throw new Error('no paper')
    })
    const backoff = { type: 'fixed', delay: 1 } as const
    await beat.schedules.put('manual', { task: 'work', every: '1h', retries: 1, backoff })
    await tracer.startActiveSpan('click', async (span) => {
      await beat.schedules.trigger('manual')
      span.end()
    })
    await beat.start()
    await endOf(beat, 'manual')
    const [first, second] = runsOf(spans)
    const click = spans.getFinishedSpans().find(({ name }) => name === 'click')
    expect(first?.attributes).toMatchObject({ 'faas.trigger': 'other' })
    expect(first?.parentSpanContext).toBeUndefined()
    expect(linksOf(first)).toEqual([idsOf(click)])
    expect(linksOf(second)).toEqual([idsOf(first)])
  })

  it('each run of a backfill is linked to the span that was active at its request, if any', async () => {
    const { beat, spans, tracer } = createInstrumented(() => {})
    await beat.schedules.put('daily', { task: 'work', cron: '0 0 * * *' })
    const backfill = (day: number, until: number) =>
      beat.schedules.backfill('daily', {
        from: `2026-01-0${day}T00:00:00Z`,
        to: `2026-01-0${until}T00:00:00Z`,
      })
    const inSpan = (name: string, day: number, until: number) =>
      tracer.startActiveSpan(name, async (span) => {
        await backfill(day, until)
        span.end()
      })
    await inSpan('first click', 1, 3)
    await backfill(4, 5)
    await inSpan('second click', 6, 7)
    await beat.start()
    await waitFor(() => runsOf(spans).length === 7, { what: 'all runs of the backfill', timeoutMs: 30_000 })
    const click = (name: string) => [idsOf(spans.getFinishedSpans().find((span) => span.name === name))]
    const linksByDay = Object.fromEntries(
      runsOf(spans).map((span) => [String(span.attributes['messaging.message.id']).split('#')[0]!, linksOf(span)]),
    )
    const idOf = (day: number) => `daily@${Date.UTC(2026, 0, day)}`
    expect(linksByDay).toEqual({
      ...Object.fromEntries([1, 2, 3].map((day) => [idOf(day), click('first click')])),
      ...Object.fromEntries([4, 5].map((day) => [idOf(day), []])),
      ...Object.fromEntries([6, 7].map((day) => [idOf(day), click('second click')])),
    })
    expect(runsOf(spans).every(({ parentSpanContext }) => parentSpanContext === undefined)).toBe(true)
  })

  it('a run that a handler triggers is linked to the run of that handler', async () => {
    const { beat, spans } = createInstrumented(async (run) => {
      if (run.schedule === 'outer') await beat.schedules.trigger('inner')
    })
    await beat.schedules.put('inner', { task: 'work', every: '1h' })
    await beat.schedules.put('outer', { task: 'work', cron: '0 9 * * *', tz: 'UTC' })
    await beat.schedules.trigger('outer')
    await beat.start()
    await endOf(beat, 'inner')
    const of = (name: string) => runsOf(spans).find(({ attributes }) => attributes['everybeat.schedule'] === name)
    expect(linksOf(of('inner'))).toEqual([idsOf(of('outer'))])
    expect(of('outer')?.attributes['faas.cron']).toBe('0 9 * * *')
    expect(of('inner')?.attributes).not.toHaveProperty('faas.cron')
  })

  it.each([true, false])(
    'the trace of a run that may be rerun is stored only if its span is sampled (%s)',
    async (isSampled) => {
      let release = (): void => {}
      const { beat, spans } = createInstrumented(() => new Promise<void>((resolve) => (release = resolve)), isSampled)
      await beat.start()
      const started = new Promise((resolve) => beat.once('run:started', resolve))
      await beat.schedules.put('it', { task: 'work', at: new Date(), onCrash: 'rerun' })
      await started
      // The handler is called behind the event; what this asks of Redis goes out behind the note.
      await new Promise((resolve) => setImmediate(resolve))
      await beat.schedules.get('it')
      const state = await redis.client.hgetall(`{${fleet.prefix()}}:state:it`)
      expect(/00-[0-9a-f]{32}-[0-9a-f]{16}-01/.test(JSON.stringify(state))).toBe(isSampled)
      release()
      await endOf(beat, 'it')
      expect(runsOf(spans)).toHaveLength(isSampled ? 1 : 0)
    },
  )
})
