import type { DefinitionInput, DefinitionShape } from '../../index.js'
import { setAction, wholeNumber, type Command } from '../command.js'
import { addFieldOptions, readFieldOptions } from '../definition-options.js'
import { checkWritten, describeWrite } from '../describe.js'
import { CliFailure } from '../failure.js'
import { readJsonFile } from '../files.js'

interface PutOptions {
  file?: string
  ifRevision?: number
}

/** `put <name>`: creates or replaces a schedule. */
export function registerPut(program: Command): void {
  const command = program
    .command('put')
    .description('create a schedule, or replace its whole definition')
    .argument('<name>', 'name of the schedule')
    .option('--file <path>', 'read the definition from a JSON file, - for standard input; options win over it')
    .option(
      '--if-revision <number>',
      'only if the schedule still has this revision; 0: only if it is new',
      wholeNumber(0),
    )
  addFieldOptions(command)
  setAction<PutOptions, [string]>(command, async (session, options, name) => {
    const fromFile = options.file === undefined ? {} : await readDefinitionFile(options.file, name)
    const definition = { ...fromFile, ...readFieldOptions({ ...options }) }
    const { ifRevision } = options
    const written = await session.withBeat((beat) =>
      beat.schedules.put(name, definition as DefinitionInput, { ifRevision }),
    )
    checkWritten(name, written)
    session.result(written, () => describeWrite(name, written, session.colors))
  })
}

async function readDefinitionFile(path: string, name: string): Promise<DefinitionShape> {
  const { name: given, ...definition } = (await readJsonFile(path, 'object')) as DefinitionShape & { name?: string }
  if (given !== undefined && given !== name) {
    throw new CliFailure('ERR_CLI_USAGE', `${path} defines ${JSON.stringify(given)}, not ${JSON.stringify(name)}`)
  }
  return definition
}
