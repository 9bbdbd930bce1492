import { EverybeatError } from '../errors.js'
import { differingFields, readDeclaration } from '../schedule/declaration.js'
import { decodeFields, describeDefinition } from '../schedule/hash-codec.js'
import type { Definition, DefinitionInput } from '../schedule/definition.js'
import { unchecked, type ExactDefinition } from '../schedule/exact-definition.js'
import { firstNominal } from '../schedule/plan-text.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'

/**
 * `paused`: by `pause`, by failures, or by `enabled: false`; `finished`: no occurrence follows; `invalid`: see `error`.
 */
export type ScheduleState = (typeof SCHEDULE_STATES)[number]

/** The states of a schedule. */
export const SCHEDULE_STATES = ['active', 'paused', 'finished', 'invalid'] as const

/** A schedule as `get` and `list` give it: its definition, with defaults, and its state. */
export interface ScheduleView extends DefinitionInput {
  /** Name of the schedule, unique in the fleet. */
  name: string
  /** Grows with each change of the definition. */
  revision: number
  /** Whether the schedule fires, or why it does not. */
  state: ScheduleState
  /** The next nominal instant; null when none is planned. */
  next: Date | null
  /** The last instant that was claimed or skipped. */
  last: Date | null
  /** Why the definition cannot be used. */
  error?: string
  /** The definition as it was written, without defaults, in the form that `put` takes. Absent while it is invalid. */
  given?: ExactDefinition
  /** Failures in a row up to now; absent when the last run succeeded. */
  failures?: number
  /** Present while it is paused: since `at`, with the optional `note`, up to the optional `until`. */
  paused?: { at: Date; note?: string; until?: Date }
  /**
   * Present when code declares it: the `version` of that code, and in `differs` the fields that were edited live since.
   */
  declared?: { version?: string; differs: string[] }
}

/**
 * Decodes a stored definition. An error is returned, not thrown, so that one invalid definition does not hide the
 * others.
 */
export function decodeStored({ name, fields }: Pick<StoredSchedule, 'name' | 'fields'>): Definition | EverybeatError {
  try {
    return decodeFields(name, fields)
  } catch (error) {
    if (error instanceof EverybeatError) return error
    throw error
  }
}

/** Shows a stored schedule. An edit by plain Redis commands is shown at once, also before a worker has planned it. */
export function viewSchedule(stored: StoredSchedule, nowMs: number): ScheduleView {
  const { name, state: engine } = stored
  const definition = decodeStored(stored)
  const last = engine.last === undefined ? null : new Date(Number(engine.last))
  // An edit by plain Redis commands counts as a revision also before a worker has planned it.
  const isTakenIn = engine.digest === stored.digest
  const failures = Number(engine.failures ?? 0)
  const base = {
    name,
    revision: Number(engine.revision ?? 0) + (isTakenIn ? 0 : 1),
    last,
    ...describeDeclared(stored),
    ...(failures > 0 ? { failures } : {}),
  }
  if (definition instanceof EverybeatError) {
    const error = `${definition.code}: ${definition.message}`
    return { ...rawFields(stored), ...base, state: 'invalid', next: null, error } as ScheduleView
  }
  // A worker could not use the definition although this process can read it. The fleet does not run the schedule, so it
  // is invalid.
  if (engine.error !== undefined && isTakenIn) {
    const view = { ...describeDefinition(definition), ...base, given: unchecked(definition.given) }
    return { ...view, state: 'invalid', next: null, error: engine.error }
  }
  const paused = readPause(engine.paused)
  const view = {
    ...describeDefinition(definition),
    ...base,
    given: unchecked(definition.given),
    ...(paused ? { paused } : {}),
  }
  if (paused || !definition.enabled) return { ...view, state: 'paused', next: null }
  const isPlanned = engine.digest === stored.digest && engine.plan !== undefined && engine.plan !== ''
  const nextMs = isPlanned ? firstNominal(engine.plan!) : definition.trigger.next(nowMs)
  if (nextMs === null) return { ...view, state: 'finished', next: null }
  return { ...view, state: 'active', next: new Date(nextMs) }
}

function describeDeclared(stored: StoredSchedule): Pick<ScheduleView, 'declared'> {
  const declaration = readDeclaration(stored)
  if (declaration === null) return {}
  const { version } = declaration
  return { declared: { ...(version === '' ? {} : { version }), differs: differingFields(declaration, stored) } }
}

/** The text of a definition that cannot be decoded, as it is stored. */
function rawFields({ fields }: StoredSchedule): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== '__proto__'))
}

function readPause(text: string | undefined): { at: Date; note?: string; until?: Date } | null {
  if (text === undefined) return null
  try {
    const { at, note, until } = JSON.parse(text) as { at?: number; note?: string; until?: number }
    return {
      at: new Date(Number(at ?? 0)),
      ...(note ? { note } : {}),
      ...(typeof until === 'number' ? { until: new Date(until) } : {}),
    }
  } catch {
    return { at: new Date(0) }
  }
}
