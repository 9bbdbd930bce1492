import type { Definition } from './definition.js'

/** A schedule as Redis holds it, read in one step: the text of its definition, and the state that the engine keeps of it. */
export interface StoredSchedule {
  readonly name: string
  /** Digest of the definition; empty when the schedule has no definition. */
  readonly digest: string
  /** The definition, by field. */
  readonly fields: Readonly<Record<string, string>>
  /** The engine's state, by field, as the protocol describes it. */
  readonly state: Readonly<Record<string, string>>
  /** What code declared of it last, as `declaration.ts` reads it; left out where it was not read. */
  readonly declared?: string
}

/** One occurrence that is dropped, or a group of `count` neighbours from `atMs` to `toMs`. */
export interface DroppedOccurrences {
  /** Nominal instant of the first one, epoch ms. */
  readonly atMs: number
  /** Nominal instant of the last one, epoch ms. */
  readonly toMs: number
  readonly count: number
  /** Why they are dropped, as the history says it. */
  readonly reason: string
}

/** How a schedule goes on: what to store of it so that it can be claimed. */
export interface PlanDecision {
  /** The definition that was read; null when it cannot be used. */
  readonly definition: Definition | null
  /** Why the definition cannot be used, beginning with the code of the error; null when it can. */
  readonly error: string | null
  /** Fingerprint of the trigger; empty when the schedule must not fire. */
  readonly trigger: string
  /** The plan, as `plan-text.ts` writes it. */
  readonly plan: string
  /** Distance of the occurrences where Redis may step the plan by addition, ms; else null. */
  readonly periodMs: number | null
  /** Misfire grace where it is not the default, ms; else null. */
  readonly graceMs: number | null
  /** How long after its last occurrence the schedule is removed, ms; null for never. */
  readonly removalMs: number | null
  /** How many occurrences this decision counts against the limit. */
  readonly seen: number
  /** Nominal instant of the newest dropped occurrence, epoch ms; null when none is dropped. */
  readonly last: number | null
  /** Whether this decision ends a pause. */
  readonly resume: boolean
  /** The occurrences that this decision drops, oldest first. */
  readonly dropped: readonly DroppedOccurrences[]
}

/** A decision, and the schedule it was decided from: it is stored only while the schedule is still the same. */
export interface PlanChange extends PlanDecision {
  readonly schedule: StoredSchedule
}
