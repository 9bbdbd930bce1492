import type { DefinitionShape } from '../index.js'
import { DEFINITION_FIELDS, type FieldKind } from '../definition-files/index.js'
import { collect, Option, type Command } from './command.js'
import { CliFailure } from './failure.js'

/** Gives a command one option per field: `--misfire-grace <value>` for `misfireGrace`. */
export function addFieldOptions(command: Command, fields: readonly (keyof DefinitionShape)[] = allFields()): void {
  for (const field of fields) {
    const { kind, help, choices } = DEFINITION_FIELDS[field]
    const flag = `--${optionName(field).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    const option = new Option(kind === 'boolean' ? `${flag} [boolean]` : `${flag} <${valueName(kind)}>`, help)
    if (kind === 'list') option.argParser(collect)
    if (choices) option.choices(choices)
    command.addOption(option)
  }
}

/** The definition of the options of {@link addFieldOptions}: only the fields whose options are on the command line. */
export function readFieldOptions(options: Readonly<Record<string, unknown>>): DefinitionShape {
  const definition: Record<string, unknown> = {}
  for (const field of allFields()) {
    const given = options[optionName(field)]
    if (given === undefined) continue
    definition[field] = given === true ? true : readField(field, given as string | string[])
  }
  return definition as DefinitionShape
}

/** Reads `field=value` as `edit --set` takes it; lists are separated by commas. */
export function readAssignment(text: string): [keyof DefinitionShape, unknown] {
  const cut = text.indexOf('=')
  if (cut < 1) throw new CliFailure('ERR_CLI_USAGE', `--set takes field=value, not ${JSON.stringify(text)}`)
  const field = readFieldName(text.slice(0, cut))
  const value = text.slice(cut + 1)
  return [field, readField(field, DEFINITION_FIELDS[field].kind === 'list' ? value.split(',') : value)]
}

/** Checks the name of a field as `edit --unset` takes it. */
export function readFieldName(text: string): keyof DefinitionShape {
  if (!Object.hasOwn(DEFINITION_FIELDS, text)) {
    throw new CliFailure('ERR_CLI_USAGE', `no field ${JSON.stringify(text)}; the fields are ${allFields().join(', ')}`)
  }
  return text as keyof DefinitionShape
}

/** Reads a JSON text from the command line; a failure names its source. */
export function readJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const hint = source === 'payload' ? `; a plain text needs quotes: '"${text.slice(0, 20)}"'` : ''
    throw new CliFailure('ERR_CLI_USAGE', `${source} is not JSON: ${(cause as Error).message}${hint}`, { cause })
  }
}

function readField(field: keyof DefinitionShape, given: string | string[]): unknown {
  if (Array.isArray(given)) return given
  switch (DEFINITION_FIELDS[field].kind) {
    case 'number':
      return readNumber(field, given)
    case 'boolean':
      return readBoolean(field, given)
    case 'json':
      return readJson(given, field)
    case 'duration':
    case 'instant':
      return /^\d+$/.test(given) ? Number(given) : given
    default:
      return given
  }
}

function readNumber(field: string, text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isNaN(value)) throw new CliFailure('ERR_CLI_USAGE', `${field} is a number, not ${JSON.stringify(text)}`)
  return value
}

function readBoolean(field: string, text: string): boolean {
  if (['true', '1', 'yes'].includes(text)) return true
  if (['false', '0', 'no'].includes(text)) return false
  throw new CliFailure('ERR_CLI_USAGE', `${field} is true or false, not ${JSON.stringify(text)}`)
}

function allFields(): (keyof DefinitionShape)[] {
  return Object.keys(DEFINITION_FIELDS) as (keyof DefinitionShape)[]
}

function optionName(field: keyof DefinitionShape): string {
  return DEFINITION_FIELDS[field].option ?? field
}

function valueName(kind: FieldKind): string {
  return kind === 'list' ? 'text' : kind === 'choice' ? 'policy' : kind
}
