import type { DefinitionInput } from './definition.js'

/** The form of a field's value, in a definition and in the Redis hash. */
export type FieldKind = 'text' | 'duration' | 'instant' | 'number' | 'boolean' | 'json' | 'tags' | 'texts'

/** Every field of a definition, in the order it is shown. */
export const FIELD_KINDS = {
  task: 'text',
  cron: 'text',
  every: 'duration',
  at: 'instant',
  rrule: 'text',
  solar: 'text',
  tz: 'text',
  dstGap: 'text',
  dstOverlap: 'text',
  dayMatch: 'text',
  anchor: 'instant',
  spread: 'boolean',
  lat: 'number',
  lon: 'number',
  exclude: 'texts',
  skipNext: 'instant',
  start: 'instant',
  end: 'instant',
  limit: 'number',
  payload: 'json',
  enabled: 'boolean',
  misfire: 'text',
  misfireGrace: 'duration',
  catchUpWindow: 'duration',
  maxCatchUp: 'number',
  overlap: 'text',
  maxConcurrent: 'number',
  onCrash: 'text',
  maxDeliveries: 'number',
  timeout: 'duration',
  retries: 'number',
  backoff: 'json',
  jitter: 'duration',
  pauseAfter: 'number',
  pool: 'text',
  tags: 'tags',
  note: 'text',
  owner: 'text',
  removeAfter: 'duration',
} as const satisfies Record<keyof DefinitionInput, FieldKind>

/** The name of a field of a definition. */
export type FieldName = keyof typeof FIELD_KINDS

/** All names of {@link FIELD_KINDS}, in their order. */
export const FIELD_NAMES = Object.keys(FIELD_KINDS) as FieldName[]

/** The names of other schedulers for these fields. */
const FOREIGN_NAMES: Readonly<Record<string, FieldName>> = {
  timezone: 'tz',
  zone: 'tz',
  interval: 'every',
  pattern: 'cron',
  expression: 'cron',
  schedule: 'cron',
  args: 'payload',
  data: 'payload',
  queue: 'pool',
  job: 'task',
  attempts: 'retries',
  disabled: 'enabled',
  description: 'note',
  until: 'end',
}

/** Whether the text names a field of a definition; inherited names such as `constructor` do not. */
export function isFieldName(text: string): text is FieldName {
  return Object.hasOwn(FIELD_KINDS, text)
}

/** The known name that is most similar to the text; null when none is similar. */
export function nearestName<Name extends string>(text: string, names: readonly Name[]): Name | null {
  if (text.length > 40) return null
  const wanted = text.toLowerCase()
  let nearest: Name | null = null
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1
  for (const name of names) {
    const distance = editDistance(wanted, name.toLowerCase())
    if (distance < least) [nearest, least] = [name, distance]
  }
  return nearest
}

/** {@link nearestName} among the fields of a definition, including the names of other schedulers. */
export function nearestField(text: string): FieldName | null {
  const wanted = text.toLowerCase()
  return (Object.hasOwn(FOREIGN_NAMES, wanted) ? FOREIGN_NAMES[wanted] : null) ?? nearestName(text, FIELD_NAMES)
}

/** Levenshtein distance. */
function editDistance(left: string, right: string): number {
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let row = 1; row <= left.length; row++) {
    const current = [row]
    for (let column = 1; column <= right.length; column++) {
      const substitution = previous[column - 1]! + (left[row - 1] === right[column - 1] ? 0 : 1)
      current.push(Math.min(substitution, previous[column]! + 1, current[column - 1]! + 1))
    }
    previous = current
  }
  return previous[right.length]!
}
