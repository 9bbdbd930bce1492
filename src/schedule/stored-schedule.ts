import type { Definition } from './definition.js'

/** A stored schedule, read in one step: the text of its definition, and its state. */
export interface StoredSchedule {
  readonly name: string
  /** Digest of the definition; empty when the schedule has no definition. */
  readonly digest: string
  /** The definition, by field. */
  readonly fields: Readonly<Record<string, string>>
  /** The engine's state, by field, as the protocol describes it. */
  readonly state: Readonly<Record<string, string>>
  /** The last declaration, in the form that `declaration.ts` reads; absent if it was not read. */
  readonly declared?: string
}

/** One skipped occurrence, or a group of `count` consecutive ones from `atMs` to `toMs`. */
export interface SkippedOccurrences {
  /** Nominal instant of the first one, epoch ms. */
  readonly atMs: number
  /** Nominal instant of the last one, epoch ms. */
  readonly toMs: number
  readonly count: number
  /** The reason, as in the history. */
  readonly reason: string
}

/** The decision about a schedule that is stored so that it can be claimed. */
export interface PlanDecision {
  /** The definition that was read; null when it cannot be used. */
  readonly definition: Definition | null
  /** The error of the definition, which begins with its code; null when the definition is valid. */
  readonly error: string | null
  /** Fingerprint of the trigger; empty when the schedule must not fire. */
  readonly trigger: string
  /** The plan, as `plan-text.ts` writes it. */
  readonly plan: string
  /** Period by which Redis continues the plan, ms; null for none. */
  readonly periodMs: number | null
  /** Misfire grace, ms; null for the default. */
  readonly graceMs: number | null
  /** Time from the last occurrence to the removal of the schedule, ms; null for never. */
  readonly removalMs: number | null
  /** How many occurrences this decision counts against the limit. */
  readonly seen: number
  /** Nominal instant of the newest skipped occurrence, epoch ms; null for none. */
  readonly last: number | null
  /** Whether this decision ends a pause. */
  readonly resume: boolean
  /** The occurrences that this decision skips, oldest first. */
  readonly skipped: readonly SkippedOccurrences[]
}

/** A decision with the schedule on which it is based; it is stored only if the schedule has not changed. */
export interface PlanChange extends PlanDecision {
  readonly schedule: StoredSchedule
}
