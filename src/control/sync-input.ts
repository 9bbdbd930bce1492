import type { DefinitionInput } from '../schedule/definition.js'
import type { AnyTasks, DefinitionOf, NamedDefinition as ExactNamedDefinition } from '../schedule/exact-definition.js'
import { isPlainObject, wrongValue } from '../schedule/field-values.js'

/** A definition with the `name` of its schedule. */
export type NamedDefinition = DefinitionInput & { name: string }

/** The input of `sync`: definitions with their names, or a plain object of definitions by name. */
export type SyncInput<Tasks extends object = AnyTasks> =
  Iterable<ExactNamedDefinition<Tasks>> | Readonly<Record<string, DefinitionOf<Tasks>>>

const ALLOWED = 'definitions with a name in an array or another iterable, or a plain object of definitions by name'

/**
 * Reads the definitions of a sync. Any other value is refused: read as an empty declaration, it could remove schedules.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function readSyncInput(input: unknown): NamedDefinition[] {
  if (isPlainObject(input) && !(Symbol.iterator in input)) {
    return Object.entries(input).map(([name, definition]) => ({ ...checkDefinition(definition, name), name }))
  }
  if (typeof input !== 'object' || input === null || !(Symbol.iterator in input)) throw refusal(input)
  return [...(input as Iterable<unknown>)].map((item, index) => {
    const definition = checkDefinition(item, String(index))
    if (typeof definition['name'] !== 'string') {
      throw wrongValue(
        `definitions[${index}].name`,
        definition['name'],
        'the name of the schedule',
        'ERR_EVERYBEAT_NAME',
      )
    }
    return definition as unknown as NamedDefinition
  })
}

function checkDefinition(value: unknown, key: string): Record<string, unknown> {
  if (isPlainObject(value)) return value
  throw wrongValue(`definitions[${key}]`, value, 'a definition, { cron, … }', 'ERR_EVERYBEAT_OPTIONS')
}

function refusal(input: unknown): Error {
  const shown = typeof input === 'object' && input !== null ? Object.prototype.toString.call(input) : input
  return wrongValue('definitions', shown, ALLOWED, 'ERR_EVERYBEAT_OPTIONS')
}
