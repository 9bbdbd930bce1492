import { checkDefinition, EverybeatError, type DefinitionShape } from '../index.js'
import { readDefinitions, type FileDefinition } from '../definition-files/index.js'
import { CliFailure } from './failure.js'
import { readTextFiles } from './files.js'

/** Endings of the definition files in a folder. */
const ENDINGS = ['.yaml', '.yml', '.json']

/** A definition of a file that was checked. */
export interface CheckedDefinition {
  readonly name: string
  readonly source: string
  readonly definition: Readonly<DefinitionShape>
}

/** The error of one definition. */
export interface DefinitionProblem {
  readonly name: string
  readonly source: string
  readonly message: string
}

/**
 * Reads and checks the definitions of a file, of the files in a folder, or of standard input for `-`.
 *
 * @throws EverybeatError for a file of another format; wrong definitions are returned as problems
 */
export async function readDefinitionFiles(
  path: string,
): Promise<{ checked: CheckedDefinition[]; problems: DefinitionProblem[] }> {
  const files = await readTextFiles(path, ENDINGS)
  const found = files.flatMap(({ name, text }) => readDefinitions(text, name))
  const checked: CheckedDefinition[] = []
  const problems: DefinitionProblem[] = []
  const sources = new Map<string, string>()
  for (const item of found) {
    const earlier = sources.get(item.name)
    const problem = earlier === undefined ? check(item, checked) : `is defined twice, first at ${earlier}`
    sources.set(item.name, item.source)
    if (problem !== null) problems.push({ name: item.name, source: item.source, message: problem })
  }
  return { checked, problems }
}

function check({ name, definition, source }: FileDefinition, checked: CheckedDefinition[]): string | null {
  try {
    checked.push({ name, source, definition: checkDefinition(name, definition) })
    return null
  } catch (error) {
    if (!(error instanceof EverybeatError)) throw error
    return error.message
  }
}

/** The checked definitions, or the failure that names the first problem and counts the others. */
export async function readSoundDefinitions(path: string): Promise<CheckedDefinition[]> {
  const { checked, problems } = await readDefinitionFiles(path)
  const [first] = problems
  if (first === undefined) return checked
  const others = problems.length === 1 ? '' : `; ${problems.length - 1} more, everybeat validate lists them`
  throw new CliFailure('ERR_CLI_USAGE', `${first.source}: ${JSON.stringify(first.name)}: ${first.message}${others}`)
}
