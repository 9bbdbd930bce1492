import {
  context,
  diag,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  metrics,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Context,
  type Link,
  type Meter,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api'

export type { BatchObservableCallback, Context, Histogram, Meter, Observable, Span, Tracer } from '@opentelemetry/api'

/** The global tracer of the name `everybeat`. */
export const defaultTracer = (): Tracer => trace.getTracer('everybeat')

/** The global meter of the name `everybeat`. */
export const defaultMeter = (): Meter => metrics.getMeter('everybeat')

/** Tells OpenTelemetry's own log that a signal was lost. */
export const reportFailure = (what: string, error: unknown): void => diag.error(`everybeat: ${what}`, error)

/** Calls a function inside a context. */
export const runInside = <Result>(inside: Context, work: () => Result): Result => context.with(inside, work)

/** The name of a span, and the facts at its start. */
export interface SpanStart {
  readonly name: string
  readonly attributes: Attributes
  readonly links: Link[]
  /** Epoch ms. */
  readonly startTime: number
}

/** The context of a span, without a parent. */
export const contextOf = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span)

/**
 * Starts a root span of kind CONSUMER, outside of every context: the active span that a sampler or a processor sees is
 * not the new span. Never throws: if the tracer does, the span records nothing.
 */
export function startRootSpan(tracer: Tracer, { name, ...facts }: SpanStart): Span {
  const options = { kind: SpanKind.CONSUMER, root: true, ...facts }
  try {
    return context.with(ROOT_CONTEXT, () => tracer.startSpan(name, options, ROOT_CONTEXT))
  } catch (error) {
    reportFailure(`the span ${name} could not be started`, error)
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT)
  }
}

/** Records an error and its time, epoch ms, in a span. */
export function failSpan(span: Span, thrown: unknown, atMs: number): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  span.recordException(error, atMs)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}

/** The W3C `traceparent` of the active span; null if none is active, or the active one is not sampled. */
export function activeTraceparent(): string | null {
  const span = trace.getActiveSpan()
  return span === undefined ? null : traceparentOf(span)
}

/** The W3C `traceparent` of a span; null where it is not sampled. */
export function traceparentOf(span: Span): string | null {
  const { traceId, spanId, traceFlags } = span.spanContext()
  if ((traceFlags & TraceFlags.SAMPLED) === 0 || !isSpanContextValid(span.spanContext())) return null
  return `00-${traceId}-${spanId}-01`
}

/** A link to a span by its `traceparent`; none for an invalid text. */
export function linksTo(traceparent: string | null): Link[] {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return []
  const found: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags!, 16), isRemote: true }
  return isSpanContextValid(found) ? [{ context: found }] : []
}
