import type { DefinitionInput } from './definition.js'
import { parseDefinition } from './parse-definition.js'

/**
 * Checks a definition as `beat.schedules.put` does, without Redis and without the schema of its task.
 *
 * @param name name of the schedule; it decides `H`, `spread` and the default of `task`
 * @param definition the definition from any source: a file, a form, another system
 * @returns the fields in their stored form: in a fixed order, Dates as ISO text, without absent fields
 * @throws EverybeatError with the field and the value, as `put` does
 */
export function checkDefinition(name: string, definition: unknown): Readonly<DefinitionInput> {
  return parseDefinition(name, definition).given
}
