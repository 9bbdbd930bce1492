import type { DefinitionInput } from './definition.js'
import { parseDefinition } from './parse-definition.js'

/**
 * Checks a definition as `beat.schedules.put` does, without Redis and without the schema of its task.
 *
 * @param name name of the schedule; it decides `H`, `spread` and the default of `task`
 * @param definition the definition, of unknown origin: a file, a form, another system
 * @returns the fields as they are stored: in one order, Dates as ISO text, nothing that was left out
 * @throws EverybeatError with the field and the value, like `put`
 */
export function checkDefinition(name: string, definition: unknown): Readonly<DefinitionInput> {
  return parseDefinition(name, definition).given
}
