import type { DefinitionShape } from '../index.js'

/** A trigger that schedules share: they fire at the same instants. */
export interface TriggerGroup {
  readonly key: string
  readonly definition: DefinitionShape
  /** The schedule whose name decides the instants; empty when none does. */
  readonly name: string
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

/** The trigger of a definition without the rest, with a key that equal triggers have in common. */
export function triggerOf(name: string, given: DefinitionShape): TriggerGroup {
  const definition: Record<string, unknown> = {}
  for (const field of FIELDS) if (given[field] !== undefined) definition[field] = given[field]
  // `H` in a cron, and `spread`, depend on the name.
  const isOwn = given.spread === true || /H/.test(given.cron ?? '')
  return { key: `${isOwn ? name : ''}\n${JSON.stringify(definition)}`, definition, name: isOwn ? name : '' }
}
