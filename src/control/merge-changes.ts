import { EverybeatError } from '../errors.js'
import type { DefinitionInput } from '../schedule/definition.js'
import { decodeField } from '../schedule/hash-codec.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'
import { decodeStored } from './schedule-view.js'

const TRIGGERS = ['cron', 'every', 'at', 'rrule', 'solar'] as const

/** The fields of a stored schedule as its author wrote them, without defaults. */
export function givenOf(schedule: StoredSchedule): Record<string, unknown> {
  const definition = decodeStored(schedule)
  if (!(definition instanceof EverybeatError)) return { ...definition.given }
  // The change may correct an invalid definition, so each field is read by itself, and a field that cannot be read is
  // kept as text.
  return Object.fromEntries(Object.entries(schedule.fields).map(([field, text]) => [field, readField(field, text)]))
}

function readField(field: string, text: string): unknown {
  try {
    return decodeField(field, text)
  } catch (error) {
    if (error instanceof EverybeatError) return text
    throw error
  }
}

/** Applies changes to the fields: `null` removes a field, a field of another trigger replaces the trigger. */
export function mergeChanges(given: Record<string, unknown>, changes: Record<string, unknown>): DefinitionInput {
  const merged = { ...given }
  if (TRIGGERS.some((trigger) => changes[trigger] != null)) for (const trigger of TRIGGERS) delete merged[trigger]
  for (const [field, value] of Object.entries(changes)) {
    if (value === null && field !== 'payload') delete merged[field]
    else if (value !== undefined) merged[field] = value
  }
  return merged
}
