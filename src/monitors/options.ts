import { EverybeatError, parseDuration, type Duration } from '../index.js'
import type { MonitorTarget } from './event.js'

/** Options of `monitor`: `match`, `tag`, or both. A field that is `undefined` means its default. */
export interface MonitorOptions {
  /** A glob on the names of schedules: `*` any text, `?` one character. */
  match?: string | undefined
  /** Only schedules that carry this tag. */
  tag?: string | undefined
  /** Delay after which a start is reported as late; default 1 min. */
  lateAfter?: Duration | undefined
  /** Longest duration of one try; default 10 s. */
  timeout?: Duration | undefined
  /** Delays before further tries of a report that did not arrive; default 1 s, then 5 s. */
  retryDelays?: readonly Duration[] | undefined
  /** Most reports that wait; the oldest is dropped for a new one. Default 1 000. */
  queueSize?: number | undefined
}

/** Checked {@link MonitorOptions}. */
export interface ResolvedMonitorOptions {
  readonly matches: (schedule: string) => boolean
  readonly tag: string | undefined
  readonly lateAfterMs: number
  readonly timeoutMs: number
  readonly retryDelaysMs: readonly number[]
  readonly queueSize: number
}

const NAMES = ['match', 'tag', 'lateAfter', 'timeout', 'retryDelays', 'queueSize']

/**
 * Checks the options of a monitor.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`, `ERR_EVERYBEAT_DURATION`
 */
export function resolveMonitorOptions(options: MonitorOptions, sink: MonitorTarget): ResolvedMonitorOptions {
  const { match, tag, queueSize = 1_000, retryDelays = ['1s', '5s'] } = options
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw refuse(unknown, `only ${NAMES.join(', ')}`)
  if (match === undefined && tag === undefined) throw refuse('match', "match, tag, or both; '*' matches all schedules")
  if (match !== undefined && (typeof match !== 'string' || match === '')) throw refuse('match', 'a glob')
  if (tag !== undefined && (typeof tag !== 'string' || tag === '')) throw refuse('tag', 'a tag')
  if (!Number.isInteger(queueSize) || queueSize < 1) throw refuse('queueSize', 'a whole number from 1')
  if (!Array.isArray(retryDelays)) throw refuse('retryDelays', 'a list of durations')
  if (typeof sink !== 'function' && typeof (sink as { send?: unknown } | null)?.send !== 'function') {
    throw refuse('sink', 'a sink such as healthchecks({ pingKey }), or a function')
  }
  return {
    matches: match === undefined ? () => true : createGlob(match),
    tag,
    lateAfterMs: parseDuration(options.lateAfter ?? '1m', 'lateAfter'),
    timeoutMs: parseDuration(options.timeout ?? '10s', 'timeout', { minMs: 1, maxMs: 600_000 }),
    retryDelaysMs: (retryDelays as Duration[]).map((each) =>
      parseDuration(each, 'retryDelays', { minMs: 0, maxMs: 3_600_000 }),
    ),
    queueSize,
  }
}

function createGlob(match: string): (schedule: string) => boolean {
  const parts = match.split(/(\*+|\?)/)
  const source = parts.map((part) => {
    if (part.startsWith('*')) return '.*'
    return part === '?' ? '.' : part.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
  })
  const pattern = new RegExp(`^${source.join('')}$`, 'su')
  return (schedule) => pattern.test(schedule)
}

function refuse(field: string, allowed: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: allowed: ${allowed}`, { field })
}
