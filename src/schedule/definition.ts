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
  type?: 'exponential' | 'fixed' | undefined
  /** First wait; default 1 s. */
  delay?: Duration | undefined
  /** Longest wait; default 1 min. */
  max?: Duration | undefined
}

/** A schedule as a user writes it: in code, as JSON, or as the flat fields of the Redis hash. */
export interface DefinitionInput<Payload = unknown> {
  /** Task to run; default: the schedule's name. */
  task?: string | undefined
  cron?: string | undefined
  every?: Duration | undefined
  at?: Instant | undefined
  rrule?: string | undefined
  /** `sunrise`, `sunset`, `dawn`, `dusk`, `noon`, with an offset if wanted: `sunset-30m`. */
  solar?: string | undefined
  /** IANA zone for `cron` and `rrule`, and for instants without an offset; default `UTC`. */
  tz?: string | undefined
  dstGap?: 'first-instant' | 'shift' | 'skip' | undefined
  dstOverlap?: 'first' | 'last' | 'both' | undefined
  dayMatch?: 'or' | 'and' | undefined
  anchor?: Instant | undefined
  spread?: boolean | undefined
  lat?: number | undefined
  lon?: number | undefined
  /** Dates, date ranges (`2026-12-24/2026-12-26`), weekday sets (`sat,sun`), or a cron; one text or several. */
  exclude?: string | string[] | undefined
  /** One instant that is left out: the one `skip next` was asked for. */
  skipNext?: Instant | undefined
  /** First instant allowed. */
  start?: Instant | undefined
  /** Last instant allowed. */
  end?: Instant | undefined
  /** Number of occurrences allowed. */
  limit?: number | undefined
  payload?: Payload | undefined
  enabled?: boolean | undefined
  misfire?: MisfirePolicy | undefined
  misfireGrace?: Duration | undefined
  catchUpWindow?: Duration | undefined
  maxCatchUp?: number | undefined
  overlap?: OverlapPolicy | undefined
  /** With `overlap: allow`: runs of this schedule at the same time, in the whole fleet. */
  maxConcurrent?: number | undefined
  onCrash?: CrashPolicy | undefined
  maxDeliveries?: number | undefined
  timeout?: Duration | undefined
  retries?: number | undefined
  backoff?: BackoffInput | undefined
  jitter?: Duration | undefined
  pauseAfter?: number | undefined
  pool?: string | undefined
  tags?: string[] | undefined
  note?: string | undefined
  owner?: string | undefined
  removeAfter?: Duration | undefined
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
  /** Null when the definition leaves it to the distance of the occurrences. */
  readonly misfireGraceMs: number | null
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
