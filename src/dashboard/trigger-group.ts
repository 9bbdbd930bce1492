import { parseDuration, type DefinitionShape } from '../index.js'

/** A trigger that several schedules share: they fire at the same instants. */
export interface TriggerGroup {
  readonly key: string
  readonly definition: DefinitionShape
  /** The schedule whose name decides the instants; empty when none does. */
  readonly name: string
  /** The spread of its starts, ms; 0 for schedules that start at their instants. */
  readonly jitterMs: number
}

const FIELDS = [
  'cron',
  'every',
  'at',
  'rrule',
  'solar',
  'tz',
  'dstGap',
  'dstOverlap',
  'dayMatch',
  'anchor',
  'spread',
  'lat',
  'lon',
  'exclude',
  'skipNext',
  'start',
  'end',
] as const satisfies (keyof DefinitionShape)[]

/** The trigger of a definition without other fields, with a key that equal triggers share. */
export function triggerOf(name: string, given: DefinitionShape): TriggerGroup {
  const definition: Record<string, unknown> = {}
  for (const field of FIELDS) if (given[field] !== undefined) definition[field] = given[field]
  // `H` in a cron, and `spread`, depend on the name.
  const isOwn = given.spread === true || /H/.test(given.cron ?? '')
  const jitterMs = given.jitter === undefined ? 0 : parseDuration(given.jitter, 'jitter')
  const key = `${isOwn ? name : ''}\n${jitterMs}\n${JSON.stringify(definition)}`
  return { key, definition, name: isOwn ? name : '', jitterMs }
}
