import { EverybeatError, type DefinitionShape } from '../index.js'
import { parseYaml, type YamlDocument } from './yaml.js'

/** A definition as a file holds it, not checked yet. */
export interface FileDefinition {
  /** Name of the schedule. */
  readonly name: string
  /** The fields as the file has them. */
  readonly definition: DefinitionShape
  /** File and line: `schedules.yaml:12`. */
  readonly source: string
}

/**
 * Reads the definitions of a file: `schedules: { <name>: <definition> }` as YAML or JSON, several documents, or the
 * JSON array of objects with a `name` that earlier versions exported.
 *
 * @param file name of the file, for messages
 * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION` with file and line when the text is not of that form, or a name is
 *   there twice; the definitions themselves are not checked
 */
export function readDefinitions(text: string, file: string): FileDefinition[] {
  const found = parseYaml(text, file).flatMap((document) => readDocument(document, file))
  const first = new Map<string, string>()
  for (const { name, source } of found) {
    const earlier = first.get(name)
    if (earlier !== undefined)
      throw wrongFile(`${source}: ${JSON.stringify(name)} is defined twice, first at ${earlier}`)
    first.set(name, source)
  }
  return found
}

function readDocument(document: YamlDocument, file: string): FileDefinition[] {
  const { value } = document
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value.map((item: unknown, index) => readItem(item, index, document, file))
  if (typeof value !== 'object')
    throw wrongFile(`${file} holds no definitions; allowed: schedules: { <name>: <definition> }`)
  const unknown = Object.keys(value).find((key) => key !== 'schedules' && key !== '$schema')
  if (unknown !== undefined || !('schedules' in value)) {
    const line = unknown === undefined ? '' : `:${document.lineOf([unknown]) ?? 1}`
    const found = unknown === undefined ? 'schedules is missing' : `${JSON.stringify(unknown)} is not allowed`
    throw wrongFile(`${file}${line}: ${found}; the form of the file is schedules: { <name>: <definition> }`)
  }
  const schedules = value.schedules ?? {}
  if (typeof schedules !== 'object' || Array.isArray(schedules)) {
    throw wrongFile(`${file}:${document.lineOf(['schedules']) ?? 1}: schedules is no mapping of names to definitions`)
  }
  return Object.entries(schedules).map(([name, definition]) => {
    const source = `${file}:${document.lineOf(['schedules', name]) ?? 1}`
    if (typeof definition !== 'object' || definition === null || Array.isArray(definition)) {
      throw wrongFile(`${source}: ${JSON.stringify(name)} is no definition; a mapping such as cron: '0 9 * * *' is`)
    }
    return { name, definition: definition as DefinitionShape, source }
  })
}

function readItem(item: unknown, index: number, document: YamlDocument, file: string): FileDefinition {
  const source = `${file}:${document.lineOf([index]) ?? index + 1}`
  if (typeof item === 'object' && item !== null && 'name' in item && typeof item.name === 'string') {
    const { name, ...definition } = item as DefinitionShape & { name: string }
    return { name, definition, source }
  }
  throw wrongFile(`item ${index + 1} of ${file} is no definition with a name`)
}

function wrongFile(message: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_DEFINITION', message)
}
