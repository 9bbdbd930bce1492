import { EverybeatError } from '../errors.js'
import type { DefinitionInput } from '../schedule/definition.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'
import { decodeStored } from './schedule-view.js'

const TRIGGERS = ['cron', 'every', 'at', 'rrule', 'solar'] as const

/** The fields of a stored schedule as they were given. */
export function givenOf(schedule: StoredSchedule): Record<string, unknown> {
  const definition = decodeStored(schedule)
  // What cannot be read is kept as text: the change may be what heals it.
  return definition instanceof EverybeatError ? { ...schedule.fields } : { ...definition.given }
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
