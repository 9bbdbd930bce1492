import type { DefinitionInput } from '../index.js'
import { collect, Option, type Command } from './command.js'
import { CliFailure } from './failure.js'

/** How the text of a field on the command line becomes the value in a definition. */
type FieldKind = 'text' | 'choice' | 'number' | 'boolean' | 'duration' | 'instant' | 'list' | 'json'

interface DefinitionField {
  readonly kind: FieldKind
  readonly help: string
  readonly choices?: readonly string[]
  /** The name of the option where it is not the field's own. */
  readonly option?: string
}

/** Every field of a definition, in the order in which people read one. `preview` takes the ones that decide instants. */
export const DEFINITION_FIELDS: Readonly<Record<keyof DefinitionInput, DefinitionField>> = {
  task: { kind: 'text', help: 'task to run (default: the name of the schedule)' },
  cron: { kind: 'text', help: 'cron expression, 5 fields, or 6 with seconds first' },
  every: { kind: 'duration', help: 'interval: 90s, 5m, 1h30m, PT90S, or milliseconds' },
  at: { kind: 'instant', help: 'one instant, ISO 8601' },
  rrule: { kind: 'text', help: 'RFC 5545 rule with DTSTART' },
  solar: { kind: 'text', help: 'sunrise, sunset, dawn, dusk or noon, with an offset: sunset-30m' },
  tz: { kind: 'text', help: 'IANA time zone (default: UTC)' },
  dstGap: { kind: 'choice', choices: ['first-instant', 'shift', 'skip'], help: 'wall times that clocks jump over' },
  dstOverlap: { kind: 'choice', choices: ['first', 'last', 'both'], help: 'wall times that clocks pass twice' },
  dayMatch: { kind: 'choice', choices: ['or', 'and'], help: 'when both day fields are restricted' },
  anchor: { kind: 'instant', help: 'an instant from which every counts (default: the Unix epoch)' },
  spread: { kind: 'boolean', help: 'shift the phase of every by a hash of the name' },
  lat: { kind: 'number', help: 'latitude for solar' },
  lon: { kind: 'number', help: 'longitude for solar' },
  exclude: { kind: 'list', help: 'left out: dates, date ranges, weekdays or a cron; may be repeated' },
  skipNext: { kind: 'instant', help: 'one instant that is left out' },
  start: { kind: 'instant', help: 'first instant allowed' },
  end: { kind: 'instant', help: 'last instant allowed' },
  limit: { kind: 'number', help: 'number of occurrences allowed' },
  payload: { kind: 'json', help: 'JSON handed to the task' },
  enabled: { kind: 'boolean', help: 'false keeps the schedule from firing' },
  misfire: { kind: 'choice', choices: ['skip', 'latest', 'all'], help: 'what becomes of missed occurrences' },
  misfireGrace: { kind: 'duration', help: 'how late still counts as on time' },
  catchUpWindow: { kind: 'duration', help: 'missed occurrences older than this are skipped' },
  maxCatchUp: { kind: 'number', help: 'with misfire all: at most so many' },
  overlap: {
    kind: 'choice',
    choices: ['skip', 'queue', 'replace', 'allow'],
    help: 'while the previous run still goes',
  },
  maxConcurrent: { kind: 'number', help: 'with overlap allow: runs at the same time' },
  onCrash: { kind: 'choice', choices: ['skip', 'rerun'], help: 'when the worker died during the run' },
  maxDeliveries: { kind: 'number', help: 'with onCrash rerun: at most so many deliveries' },
  timeout: { kind: 'duration', help: 'abort a run after' },
  retries: { kind: 'number', help: 'more attempts after a failure' },
  backoff: { kind: 'json', help: 'waits between attempts: {"type":"exponential","delay":"1s","max":"1m"}' },
  jitter: { kind: 'duration', help: 'spread the starts over this long' },
  pauseAfter: { kind: 'number', help: 'pause after so many failures in a row' },
  pool: { kind: 'text', help: 'pool of workers that runs it' },
  tags: { kind: 'list', option: 'tag', help: 'a label; may be repeated' },
  note: { kind: 'text', help: 'why it is there' },
  owner: { kind: 'text', help: 'who declared it' },
  removeAfter: { kind: 'duration', help: 'remove it this long after its last occurrence' },
}

/** The fields that decide when a schedule fires. */
export const TRIGGER_FIELDS: readonly (keyof DefinitionInput)[] = [
  ...(['cron', 'every', 'at', 'rrule', 'solar', 'tz', 'dstGap', 'dstOverlap', 'dayMatch', 'anchor', 'spread'] as const),
  ...(['lat', 'lon', 'exclude', 'skipNext', 'start', 'end', 'limit'] as const),
]

/** Gives a command one option per field: `--misfire-grace <value>` for `misfireGrace`. */
export function addFieldOptions(command: Command, fields: readonly (keyof DefinitionInput)[] = allFields()): void {
  for (const field of fields) {
    const { kind, help, choices } = DEFINITION_FIELDS[field]
    const flag = `--${optionName(field).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
    const option = new Option(kind === 'boolean' ? `${flag} [boolean]` : `${flag} <${valueName(kind)}>`, help)
    if (kind === 'list') option.argParser(collect)
    if (choices) option.choices(choices)
    command.addOption(option)
  }
}

/** The definition that the options of {@link addFieldOptions} spell out; only what was given. */
export function readFieldOptions(options: Readonly<Record<string, unknown>>): DefinitionInput {
  const definition: Record<string, unknown> = {}
  for (const field of allFields()) {
    const given = options[optionName(field)]
    if (given === undefined) continue
    definition[field] = given === true ? true : readField(field, given as string | string[])
  }
  return definition as DefinitionInput
}

/** Reads `field=value` as `edit --set` takes it; lists are separated by commas. */
export function readAssignment(text: string): [keyof DefinitionInput, unknown] {
  const cut = text.indexOf('=')
  if (cut < 1) throw new CliFailure('ERR_CLI_USAGE', `--set takes field=value, not ${JSON.stringify(text)}`)
  const field = readFieldName(text.slice(0, cut))
  const value = text.slice(cut + 1)
  return [field, readField(field, DEFINITION_FIELDS[field].kind === 'list' ? value.split(',') : value)]
}

/** Checks the name of a field as `edit --unset` takes it. */
export function readFieldName(text: string): keyof DefinitionInput {
  if (!Object.hasOwn(DEFINITION_FIELDS, text)) {
    throw new CliFailure('ERR_CLI_USAGE', `no field ${JSON.stringify(text)}; the fields are ${allFields().join(', ')}`)
  }
  return text as keyof DefinitionInput
}

/** Reads a JSON text from the command line; a failure says where it came from. */
export function readJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const hint = source === 'payload' ? `; a plain text needs its quotes: '"${text.slice(0, 20)}"'` : ''
    throw new CliFailure('ERR_CLI_USAGE', `${source} is not JSON: ${(cause as Error).message}${hint}`, { cause })
  }
}

function readField(field: keyof DefinitionInput, given: string | string[]): unknown {
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

function allFields(): (keyof DefinitionInput)[] {
  return Object.keys(DEFINITION_FIELDS) as (keyof DefinitionInput)[]
}

function optionName(field: keyof DefinitionInput): string {
  return DEFINITION_FIELDS[field].option ?? field
}

function valueName(kind: FieldKind): string {
  return kind === 'list' ? 'text' : kind === 'choice' ? 'policy' : kind
}
