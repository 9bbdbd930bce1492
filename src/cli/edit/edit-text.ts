import { DEFINITION_FIELDS, parseYaml, toYaml } from '../../definition-files/index.js'
import type { DefinitionShape, ScheduleView } from '../../index.js'
import { CliFailure } from '../failure.js'
import { oneLine } from '../format.js'

/** The line that ends the head, which is for the user and is not read. */
const END_OF_HEAD = '# ---'

/**
 * The definition of a schedule to edit; an invalid definition is given in its stored texts, so that it can be
 * corrected.
 */
export function definitionOf(schedule: ScheduleView): DefinitionShape {
  if (schedule.given) return schedule.given
  const fields = Object.keys(DEFINITION_FIELDS) as (keyof DefinitionShape)[]
  return Object.fromEntries(
    fields.filter((field) => schedule[field] !== undefined).map((field) => [field, schedule[field]]),
  )
}

/** The text to edit: a head, the definition, and the unset fields as comments. */
export function openText(name: string, schedule: ScheduleView): string {
  const definition = definitionOf(schedule)
  const unset = Object.entries(DEFINITION_FIELDS).filter(([field]) => !(field in definition))
  const lines = unset.map(
    ([field, { help, choices }]) => `# ${field}:  # ${help}${choices ? ` (${choices.join(', ')})` : ''}`,
  )
  const body = `${Object.keys(definition).length === 0 ? '' : toYaml(definition)}\n# Not set:\n${lines.join('\n')}\n`
  return withHead(body, [
    `Schedule ${oneLine(name)}, revision ${schedule.revision}.`,
    'Save and close to write the definition; leave it unchanged to write nothing.',
  ])
}

/** The text with another head, such as the reason for a refusal. */
export function withHead(text: string, lines: readonly string[]): string {
  const head = lines.flatMap((line) => line.split('\n')).map((line) => `# ${oneLine(line)}`)
  return `${[...head, END_OF_HEAD].join('\n')}\n${withoutHead(text)}`
}

/** The text below the head, as the user left it. */
export function withoutHead(text: string): string {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => line.trim() === END_OF_HEAD)
  return end >= 0 && lines.slice(0, end).every((line) => line.startsWith('#')) ? lines.slice(end + 1).join('\n') : text
}

/** Reads the edited text; the failure names line and column of a syntax error. */
export function readText(text: string): Record<string, unknown> {
  const value = parseYaml(text, 'definition')[0]?.value ?? {}
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  throw new CliFailure('ERR_CLI_USAGE', "the text is no mapping of fields to values, such as cron: '0 9 * * *'")
}
