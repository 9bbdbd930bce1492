import type { DefinitionInput, DefinitionShape, ScheduleView } from '../../index.js'
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
      'write only if the schedule has this revision; 0: only if it does not exist',
      wholeNumber(0),
    )
  addFieldOptions(command)
  setAction<PutOptions, [string]>(command, async (session, options, name) => {
    const fromFile = options.file === undefined ? {} : await readDefinitionFile(options.file, name)
    const definition = { ...fromFile, ...readFieldOptions({ ...options }) }
    const { ifRevision } = options
    const { written, stored } = await session.withBeat(async (beat) => {
      const result = await session.edits(beat).put(name, definition as DefinitionInput, { ifRevision })
      return { written: result, stored: session.json ? null : await beat.schedules.get(name) }
    })
    checkWritten(name, written)
    session.result(written, () => describeWrite(name, written, session.colors))
    const warning = warnOfPast(definition, stored, new Date())
    if (warning !== null) session.note(warning)
  })
}

/** The note about a schedule without a future occurrence; null for any other. */
function warnOfPast({ at }: DefinitionShape, stored: ScheduleView | null, now: Date): string | null {
  const isPast =
    stored !== null && stored.state !== 'paused' && (stored.next === null || stored.next.getTime() < now.getTime())
  if (!isPast || stored.enabled === false) return null
  if (at === undefined)
    return stored.next === null ? 'The schedule never fires: its last occurrence is in the past.' : null
  return `The instant is in the past: the schedule runs once if the instant is within catchUpWindow (${String(stored.catchUpWindow ?? '24h')}), and never otherwise.`
}

async function readDefinitionFile(path: string, name: string): Promise<DefinitionShape> {
  const { name: given, ...definition } = (await readJsonFile(path, 'object')) as DefinitionShape & { name?: string }
  if (given !== undefined && given !== name) {
    throw new CliFailure('ERR_CLI_USAGE', `${path} defines ${JSON.stringify(given)}, not ${JSON.stringify(name)}`)
  }
  return definition
}
