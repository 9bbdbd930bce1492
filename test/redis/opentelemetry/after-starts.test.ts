import { context, diag, DiagLogLevel, trace, type Context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
  type Sampler,
  type Span,
} from '@opentelemetry/sdk-trace-base'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Handler } from '../../../src/index.js'
import { instrument } from '../../../src/opentelemetry/index.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

beforeAll(() => void context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()))
afterAll(() => context.disable())

/** A worker that is not started, its exported spans, and the contexts in which spans are made. */
function createInstrumented(handler: Handler, sampler: Sampler = new AlwaysOnSampler()) {
  const spans = new InMemorySpanExporter()
  const made: { span: Span; parent: Context; active: Context }[] = []
  const processor = new SimpleSpanProcessor(spans)
  const { onStart } = processor
  processor.onStart = (span, parent) => {
    made.push({ span, parent, active: context.active() })
    onStart.call(processor, span, parent)
  }
  const tracer = new BasicTracerProvider({ spanProcessors: [processor], sampler }).getTracer('test')
  const beat = fleet.create()
  beat.task('work', handler)
  const { stop } = instrument(beat, { tracer })
  onTestFinished(stop)
  return { beat, spans, made, stop }
}

const dueNow = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ name: `due-${index}`, task: 'work', at: new Date() }))

describe('the span of a run', () => {
  it('the span of a run is made when the handlers of all runs of the instant have been called', async () => {
    const spansAtCalls: number[] = []
    const { beat, spans, made } = createInstrumented(() => void spansAtCalls.push(made.length))
    await beat.schedules.putMany(dueNow(20))
    await beat.start()
    await waitFor(() => spans.getFinishedSpans().length === 20, { what: 'all spans' })
    expect(spansAtCalls).toEqual(Array.from({ length: 20 }, () => 0))
    expect(new Set(made.map(({ span }) => span.attributes['messaging.message.id'])).size).toBe(20)
  })

  it('the span of a run begins when the handler is called, and ends when the handler ends, though it is made later', async () => {
    const calledAt: number[] = []
    const { beat, spans, made } = createInstrumented(() => {
      calledAt.push(Date.now())
      const until = performance.now() + 40
      while (performance.now() < until);
      calledAt.push(made.length)
    })
    await beat.schedules.putMany(dueNow(1))
    await beat.start()
    await waitFor(() => spans.getFinishedSpans().length === 1, { what: 'the span' })
    const { startTime, duration } = spans.getFinishedSpans()[0]!
    expect(calledAt[1]).toBe(0)
    expect(startTime[0] * 1_000 + startTime[1] / 1e6).toBeLessThanOrEqual(calledAt[0]!)
    expect(duration[0] * 1_000 + duration[1] / 1e6).toBeGreaterThanOrEqual(40)
  })

  it('a handler finds the span of the SDK active, from its first line and after each wait', async () => {
    const found: (ReturnType<typeof trace.getActiveSpan> | string)[] = []
    const { beat, spans, made } = createInstrumented(async () => {
      found.push(trace.getActiveSpan()?.setAttribute('shop', 7))
      await new Promise((resolve) => setImmediate(resolve))
      found.push(trace.getActiveSpan())
    })
    await beat.schedules.putMany(dueNow(1))
    await beat.start()
    await waitFor(() => spans.getFinishedSpans().length === 1, { what: 'the span' })
    expect(found).toEqual([made[0]!.span, made[0]!.span])
    expect(spans.getFinishedSpans()[0]).toMatchObject({ name: 'run work', attributes: { shop: 7 } })
    expect(trace.getSpan(made[0]!.parent)).toBeUndefined()
    expect(trace.getSpan(made[0]!.active)).toBeUndefined()
  })

  it('the span of a run has ended when the run is reported as succeeded', async () => {
    const { beat, spans } = createInstrumented(() => {})
    const atEnd: number[] = []
    beat.on('run:succeeded', () => void atEnd.push(spans.getFinishedSpans().length))
    await beat.schedules.putMany(dueNow(1))
    await beat.start()
    await waitFor(() => atEnd.length === 1, { what: 'the end of the run' })
    expect(atEnd).toEqual([1])
  })

  it('a sampler that throws loses only the span: the run succeeds, and the log of OpenTelemetry reports it', async () => {
    const told: unknown[] = []
    const tell = (message: string, error: unknown): void => void told.push([message, error])
    const [error, ignore] = [tell, () => {}]
    diag.setLogger({ error, warn: ignore, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.ERROR)
    onTestFinished(() => diag.disable())
    const thrown = new Error('no sampling today')
    const sampler = {
      shouldSample: () => {
        throw thrown
      },
    }
    const outcomes: unknown[] = []
    const { beat } = createInstrumented(() => void outcomes.push(trace.getActiveSpan()?.isRecording()), sampler)
    beat.on('run:succeeded', ({ schedule }) => void outcomes.push(schedule))
    await beat.schedules.putMany(dueNow(1))
    await beat.start()
    await waitFor(() => outcomes.length === 2, { what: 'the end of the run' })
    expect(outcomes).toEqual([false, 'due-0'])
    expect(told).toEqual([['everybeat: the span run work could not be started', thrown]])
  })
})
