import {
  context,
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

/** Calls a function inside a context. */
export const runInside = <Result>(inside: Context, work: () => Result): Result => context.with(inside, work)

/** The context of a span, without a parent. */
export const contextOf = (span: Span): Context => trace.setSpan(ROOT_CONTEXT, span)

/** Starts a root span of kind CONSUMER. */
export function startRootSpan(tracer: Tracer, name: string, attributes: Attributes, links: Link[]): Span {
  return tracer.startSpan(name, { kind: SpanKind.CONSUMER, root: true, links, attributes }, ROOT_CONTEXT)
}

/** Ends a span with what was thrown. */
export function failSpan(span: Span, thrown: unknown): void {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  span.recordException(error)
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
}

/** The W3C `traceparent` of the active span; null where none is active, or the active one is not sampled. */
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

/** A link to a span by its `traceparent`; none for a text that is no such thing. */
export function linksTo(traceparent: string | null): Link[] {
  const [, traceId, spanId, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(traceparent ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return []
  const found: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags!, 16), isRemote: true }
  return isSpanContextValid(found) ? [{ context: found }] : []
}
