import { EverybeatError } from '../errors.js'
import type { DefinitionInput } from '../schedule/definition.js'
import { decodeField } from '../schedule/hash-codec.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'
import { decodeStored } from './schedule-view.js'

const TRIGGERS = ['cron', 'every', 'at', 'rrule', 'solar'] as const

/** The fields of a stored schedule as they were given. */
export function givenOf(schedule: StoredSchedule): Record<string, unknown> {
  const definition = decodeStored(schedule)
  if (!(definition instanceof EverybeatError)) return { ...definition.given }
  // The change may be what heals it: each field is read by itself, and one that cannot be read is kept as text.
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

/** The fields with the changes: `null` takes a field away, a field of another trigger replaces the trigger. */
export function mergeChanges(given: Record<string, unknown>, changes: Record<string, unknown>): DefinitionInput {
  const merged = { ...given }
  if (TRIGGERS.some((trigger) => changes[trigger] != null)) for (const trigger of TRIGGERS) delete merged[trigger]
  for (const [field, value] of Object.entries(changes)) {
    if (value === null && field !== 'payload') delete merged[field]
    else if (value !== undefined) merged[field] = value
  }
  return merged
}
