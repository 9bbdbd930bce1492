import type { Trigger } from '../time/trigger.js'

/** A span of time: milliseconds as a number, or text such as `90s`, `5m`, `1h30m`, `PT90S`. */
export type Duration = number | string

/** A point in time: a Date, epoch milliseconds, or ISO 8601 text (read in the definition's `tz` when it has no offset). */
export type Instant = Date | number | string

/**
 * What happens to missed occurrences: `skip` runs none of them, `latest` starts one run for all of them, `all` runs each in
 * order up to `maxCatchUp`.
 */
export type MisfirePolicy = 'skip' | 'latest' | 'all'

/**
 * What happens to an occurrence while the previous run of its schedule is running, on any worker: `skip` it, `queue` one of
 * them, `replace` the running one (its signal aborts), or `allow` both.
 */
export type OverlapPolicy = 'skip' | 'queue' | 'replace' | 'allow'

/** What happens to a run whose worker died: `skip` runs it at most once, `rerun` at least once. */
export type CrashPolicy = 'skip' | 'rerun'

/** How long a failed run waits before its next attempt. */
export interface BackoffInput {
  /**
   * `exponential` doubles `delay` with each attempt up to `max`, and waits a random time in the upper half of that; `fixed`
   * waits `delay` and up to a tenth more.
   *
   * @default 'exponential'
   */
  type?: 'exponential' | 'fixed' | undefined
  /**
   * First wait.
   *
   * @default '1s'
   */
  delay?: Duration | undefined
  /**
   * Longest wait.
   *
   * @default '1m'
   */
  max?: Duration | undefined
}

/**
 * A schedule as a user writes it: in code, as JSON, or as the flat fields of the Redis hash. Exactly one of `cron`, `every`,
 * `at`, `rrule` and `solar` is its trigger. A field that is `undefined` means its default.
 */
export interface DefinitionInput<Payload = unknown> {
  /** Name of the task to run. Default: the schedule's name. */
  task?: string | undefined
  /** Cron expression: five fields, or six with seconds first; `@daily` and the like; `L W # H`. */
  cron?: string | undefined
  /** Interval of at least 100 ms, on a grid through `anchor`. */
  every?: Duration | undefined
  /** The one instant at which it fires; one that has passed is a misfire like any other. */
  at?: Instant | undefined
  /** RFC 5545 text with `DTSTART`. */
  rrule?: string | undefined
  /** `sunrise`, `sunset`, `dawn`, `dusk`, `noon`, with an offset if wanted: `sunset-30m`. Needs the package `suncalc`. */
  solar?: string | undefined
  /**
   * IANA zone of `cron` and `rrule`, of excluded days, and of instants without an offset.
   *
   * @default 'UTC'
   */
  tz?: string | undefined
  /**
   * With `cron` and `rrule`, for a wall time that a clock change removes: `first-instant` fires at the first instant
   * after the gap, `shift` later by the length of the gap, `skip` not at all.
   *
   * @default 'first-instant'
   */
  dstGap?: 'first-instant' | 'shift' | 'skip' | undefined
  /**
   * With `cron` and `rrule`, for a wall time that a clock change repeats: which of the two instants fires.
   *
   * @default 'first'
   */
  dstOverlap?: 'first' | 'last' | 'both' | undefined
  /**
   * With `cron` that restricts the day of the month and the day of the week: whether one of them (`or`) or both (`and`) have
   * to match.
   *
   * @default 'or'
   */
  dayMatch?: 'or' | 'and' | undefined
  /** With `every`: an instant that the grid goes through. Default: the Unix epoch. */
  anchor?: Instant | undefined
  /** With `every`: `true` shifts the grid by a hash of the name, so that many schedules do not fire together. */
  spread?: boolean | undefined
  /** With `solar`, required: degrees north, -90 to 90. */
  lat?: number | undefined
  /** With `solar`, required: degrees east, -180 to 180. */
  lon?: number | undefined
  /**
   * Days or instants without occurrences: dates, date ranges (`2026-12-24/2026-12-26`), weekday sets (`sat,sun`), or a
   * cron; one text or a list of at most 1 000. Default: nothing.
   */
  exclude?: string | string[] | undefined
  /** One instant without an occurrence; the dashboard sets it to skip the next one. */
  skipNext?: Instant | undefined
  /** First instant allowed. Default: none. */
  start?: Instant | undefined
  /** Last instant allowed. Default: none. */
  end?: Instant | undefined
  /**
   * Number of occurrences allowed, from 1; skipped ones count, those that passed during a pause do not. Default: none.
   */
  limit?: number | undefined
  /**
   * The `run.payload` of the handler: JSON, at most 256 KiB and 256 levels deep.
   *
   * @default null
   */
  payload?: Payload | undefined
  /**
   * `false` stops the schedule; its state shows as `paused`.
   *
   * @default true
   */
  enabled?: boolean | undefined
  /**
   * What happens to missed occurrences: those that no worker claimed within `misfireGrace`.
   *
   * @default 'latest'
   */
  misfire?: MisfirePolicy | undefined
  /** How late an occurrence may be claimed and still count as on time. Default: the time to the next one, 1 s to 60 s. */
  misfireGrace?: Duration | undefined
  /**
   * Occurrences that were missed longer ago are skipped under every `misfire` policy.
   *
   * @default '24h'
   */
  catchUpWindow?: Duration | undefined
  /**
   * With `misfire: 'all'`: most missed occurrences that run, 1 to 10 000; the newest are kept.
   *
   * @default 100
   */
  maxCatchUp?: number | undefined
  /**
   * What happens to an occurrence while the previous run of this schedule is running, on any worker.
   *
   * @default 'skip'
   */
  overlap?: OverlapPolicy | undefined
  /** With `overlap: 'allow'`: most runs of this schedule at once in the fleet, 1 to 10 000; more are skipped. Default: none. */
  maxConcurrent?: number | undefined
  /**
   * What happens to a run whose worker died.
   *
   * @default 'skip'
   */
  onCrash?: CrashPolicy | undefined
  /**
   * With `onCrash: 'rerun'`: most deliveries of a run, 1 to 1 000; then it is abandoned.
   *
   * @default 3
   */
  maxDeliveries?: number | undefined
  /** Time after which a run is aborted, 1 ms to 24.8 days. Default: the task's. */
  timeout?: Duration | undefined
  /** More attempts after a failure, 0 to 1 000. Default: the task's. */
  retries?: number | undefined
  /** The wait before the next attempt. Default: the task's. */
  backoff?: BackoffInput | undefined
  /**
   * Starts are spread over 0 to this time by a hash of name and instant, never past the next occurrence;
   * `run.scheduledAt` does not change.
   *
   * @default 0
   */
  jitter?: Duration | undefined
  /** The schedule is paused after this many failures in a row, 1 to 1 000 000. Default: never. */
  pauseAfter?: number | undefined
  /**
   * Name of the pool whose workers run it.
   *
   * @default 'default'
   */
  pool?: string | undefined
  /** Labels for lists and filters: at most 64 names. Default: none. */
  tags?: string[] | undefined
  /** Why the schedule exists, for people: at most 4 KiB. Default: none. */
  note?: string | undefined
  /** Name of the owner that declared it; `sync` changes only schedules of its owner. Default: none. */
  owner?: string | undefined
  /** The schedule is removed this long after its last occurrence was claimed. Default: it is kept. */
  removeAfter?: Duration | undefined
}

/** A checked definition: complete, frozen, with durations in ms. */
export interface Definition {
  readonly name: string
  readonly task: string
  readonly trigger: Trigger
  readonly limit: number | null
  readonly payload: unknown
  readonly enabled: boolean
  readonly misfire: MisfirePolicy
  /** Misfire grace; null: it follows from the distance of the occurrences. */
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
  /** The given fields without defaults: the decoded Redis hash. */
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
