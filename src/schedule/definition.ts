import type { Trigger } from '../time/trigger.js'

/** A span of time: milliseconds as a number, or text such as `90s`, `5m`, `1h30m`, `PT90S`. */
export type Duration = number | string

/** A point in time: a Date, epoch milliseconds, or ISO 8601 text (read in the definition's `tz` when it has no offset). */
export type Instant = Date | number | string

/** What happens to occurrences that nobody claimed within their grace. */
export type MisfirePolicy = 'skip' | 'latest' | 'all'

/** What happens to an occurrence while the previous run still goes, anywhere in the fleet. */
export type OverlapPolicy = 'skip' | 'queue' | 'replace' | 'allow'

/** What happens to a run whose worker died: at most once, or at least once. */
export type CrashPolicy = 'skip' | 'rerun'

/** How long a failed run waits before its next attempt. */
export interface BackoffInput {
  type?: 'exponential' | 'fixed'
  /** First wait; default 1 s. */
  delay?: Duration
  /** Longest wait; default 1 min. */
  max?: Duration
}

/** A schedule as a user writes it: in code, as JSON, or as the flat fields of the Redis hash. */
export interface DefinitionInput<Payload = unknown> {
  /** Task to run; default: the schedule's name. */
  task?: string
  cron?: string
  every?: Duration
  at?: Instant
  rrule?: string
  /** `sunrise`, `sunset`, `dawn`, `dusk`, `noon`, with an offset if wanted: `sunset-30m`. */
  solar?: string
  /** IANA zone for `cron` and `rrule`, and for instants without an offset; default `UTC`. */
  tz?: string
  dstGap?: 'first-instant' | 'shift' | 'skip'
  dstOverlap?: 'first' | 'last' | 'both'
  dayMatch?: 'or' | 'and'
  anchor?: Instant
  spread?: boolean
  lat?: number
  lon?: number
  /** Dates, date ranges (`2026-12-24/2026-12-26`), weekday sets (`sat,sun`), or a cron; one text or several. */
  exclude?: string | string[]
  /** One instant that is left out: the one `skip next` was asked for. */
  skipNext?: Instant
  /** First instant allowed. */
  start?: Instant
  /** Last instant allowed. */
  end?: Instant
  /** Number of occurrences allowed. */
  limit?: number
  payload?: Payload
  enabled?: boolean
  misfire?: MisfirePolicy
  misfireGrace?: Duration
  catchUpWindow?: Duration
  maxCatchUp?: number
  overlap?: OverlapPolicy
  /** With `overlap: allow`: runs of this schedule at the same time, in the whole fleet. */
  maxConcurrent?: number
  onCrash?: CrashPolicy
  maxDeliveries?: number
  timeout?: Duration
  retries?: number
  backoff?: BackoffInput
  jitter?: Duration
  pauseAfter?: number
  pool?: string
  tags?: string[]
  note?: string
  owner?: string
  removeAfter?: Duration
}

/** A definition that was checked: complete, frozen, durations in milliseconds. */
export interface Definition {
  readonly name: string
  readonly task: string
  readonly trigger: Trigger
  readonly limit: number | null
  readonly payload: unknown
  readonly enabled: boolean
  readonly misfire: MisfirePolicy
  readonly misfireGraceMs: number
  readonly catchUpWindowMs: number
  readonly maxCatchUp: number
  readonly overlap: OverlapPolicy
  readonly maxConcurrent: number | null
  readonly onCrash: CrashPolicy
  readonly maxDeliveries: number
  /** Null when the definition leaves it to the task. */
  readonly timeoutMs: number | null
  /** Null when the definition leaves it to the task. */
  readonly retries: number | null
  /** Null when the definition leaves it to the task. */
  readonly backoff: Backoff | null
  readonly jitterMs: number
  readonly pauseAfter: number | null
  readonly pool: string
  readonly tags: readonly string[]
  readonly note: string | null
  readonly owner: string | null
  readonly removeAfterMs: number | null
  /** The fields as they were given, with no defaults: what the Redis hash holds, decoded. */
  readonly given: Readonly<DefinitionInput>
}

/** A checked {@link BackoffInput}. */
export interface Backoff {
  readonly type: 'exponential' | 'fixed'
  readonly delayMs: number
  readonly maxMs: number
}

/** The definition as text fields of a Redis hash: every value is text, `payload`, `backoff`, `tags` and lists are JSON. */
export type DefinitionFields = Record<string, string>
