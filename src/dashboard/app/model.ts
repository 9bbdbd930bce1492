/** The signed-in user, and the actions that the dashboard allows. */
export interface Session {
  readonly user: string | null
  readonly role?: 'view' | 'operate' | 'edit'
  readonly readOnly?: boolean
  readonly label?: string | null
  readonly signIn: 'token' | 'host' | 'local'
}

/** How an occurrence ended. */
export type Outcome = 'ok' | 'failed' | 'skipped' | 'abandoned' | 'cancelled'

/** The state of a schedule. */
export type ScheduleState = 'active' | 'paused' | 'finished' | 'invalid'

/** A mark of a strip. */
export interface StripMark {
  readonly at: string
  readonly outcome: Outcome
  readonly runId: string
  readonly reason?: string
  readonly latenessMs?: number
  readonly durationMs?: number
  readonly count?: number
}

/** A definition, as it is written. */
export type Definition = Readonly<Record<string, unknown>>

/** A schedule as the API shows it. */
export interface Schedule {
  readonly name: string
  readonly task?: string
  readonly tz?: string
  readonly pool?: string
  readonly owner?: string
  readonly tags?: readonly string[]
  readonly note?: string
  readonly overlap?: string
  readonly onCrash?: string
  readonly misfire?: string
  readonly retries?: number
  readonly pauseAfter?: number
  readonly payload?: unknown
  readonly revision: number
  readonly state: ScheduleState
  readonly next: string | null
  readonly last: string | null
  readonly words: string | null
  readonly failures?: number
  readonly error?: string
  /** For a declared schedule: the fields that were edited since. */
  readonly declared?: { readonly version?: string; readonly differs: readonly string[] }
  readonly given?: Definition
  readonly paused?: { readonly at: string; readonly note?: string; readonly until?: string }
}

/** A schedule of a list. */
export interface ListedSchedule extends Schedule {
  readonly strip: readonly StripMark[]
}

/** A page of schedules. */
export interface SchedulePage {
  readonly schedules: readonly ListedSchedule[]
  readonly cursor: string | null
  readonly total: number
  readonly counts: Readonly<Record<string, number>>
  /** Whether all schedules were searched. */
  readonly complete: boolean
  /** Whether the counts are of all schedules. */
  readonly counted: boolean
}

/** An entry of a history. */
export interface HistoryEntry {
  readonly scheduledAt: string
  readonly outcome: Outcome
  readonly reason?: string
  readonly runId: string
  readonly worker?: string
  readonly attempt: number
  readonly fence: number
  readonly startedAt?: string
  readonly durationMs?: number
  readonly latenessMs?: number
  readonly missed?: number
  readonly result?: unknown
  readonly error?: string
  readonly count?: number
  readonly until?: string
}

/** An instant to come. */
export interface NextInstant {
  readonly at: string
  readonly local: string
  readonly note?: string
}

/** The explanation of the state of a schedule. */
export interface Explanation {
  readonly state: string
  readonly text: string
  readonly next: { readonly at: string; readonly why: string } | null
  readonly last: {
    readonly at: string
    readonly outcome: Outcome
    readonly reason?: string
    readonly why: string
  } | null
  readonly reasons: readonly { readonly code: string; readonly message: string }[]
  readonly advice: readonly string[]
}

/** A change of a definition. */
export interface Change {
  readonly revision: number
  readonly at: string
  readonly by?: string
  readonly kind: string
  readonly via: string
  readonly diff: Readonly<Record<string, readonly unknown[]>>
}

/** A running or waiting run. */
export interface RunView {
  readonly runId: string
  readonly schedule: string
  readonly state: 'running' | 'waiting'
  readonly reason?: string
  readonly scheduledAt: string
  readonly startedAt?: string
  readonly dueAt?: string
  readonly worker?: string
  readonly attempt: number
  readonly delivery: number
}

/** A live worker. */
export interface WorkerView {
  readonly id: string
  readonly host: string
  readonly pid: number
  readonly version: string
  readonly node: string
  readonly tz: string
  readonly pool: string
  readonly tasks: readonly string[]
  readonly concurrency: number
  readonly running: number
  readonly skewMs: number
  readonly startedAt: string
  readonly lastSeenAt: string
}

/** One minute of the past. */
export interface Minute {
  readonly at: string
  readonly ok: number
  readonly failed: number
  readonly skipped: number
  readonly abandoned: number
  readonly cancelled: number
  readonly late: number
}

/** A fact that needs a person. */
export interface Attention {
  readonly kind: 'late' | 'stuck' | 'failing' | 'invalid' | 'unserved' | 'edited' | 'no-workers' | 'paused'
  readonly name?: string
  readonly count?: number
  readonly text: string
  readonly error?: string
  readonly since?: string
  readonly task?: string
}

/** The state of the fleet in short. */
export interface OverviewView {
  readonly now: string
  readonly total: number
  readonly counts: Readonly<Record<string, number>>
  readonly complete: boolean
  readonly attention: readonly Attention[]
  readonly timeline: {
    readonly bucketMs: number
    readonly past: readonly Minute[]
    readonly coming: readonly { readonly at: string; readonly planned: number }[]
  }
  readonly herds: readonly { readonly at: string; readonly planned: number }[]
  readonly next: readonly { readonly name: string; readonly at: string; readonly words: string; readonly tz?: string }[]
  readonly fleet: {
    readonly workers: number
    readonly slots: number
    readonly running: number
    readonly members: readonly WorkerView[]
  }
  readonly runs: { readonly running: number; readonly waiting: number }
  readonly lateness: { readonly halfMs: number; readonly mostMs: number } | null
}

/** One finding of the doctor. */
export interface Finding {
  readonly check: string
  readonly level: 'ok' | 'warning' | 'problem'
  readonly message: string
  readonly why?: string
  readonly advice?: string
}

/** Starts bucket by bucket. */
export interface LoadAnswer {
  readonly buckets: readonly LoadBucket[]
  readonly bucketMs: number
  readonly complete: boolean
}

/** One bucket of the load. */
export interface LoadBucket {
  readonly at: string
  readonly planned: number
  readonly past: Omit<Minute, 'at'> | null
}
