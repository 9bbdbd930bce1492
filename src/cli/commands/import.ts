import { finishEntries, type FinishOptions, type ImportedEntry } from '../../moving-in/index.js'
import { parseYaml } from '../../definition-files/index.js'
import { Option, setAction, type Command } from '../command.js'
import { CliFailure } from '../failure.js'
import { readTextFile } from '../files.js'
import { IMPORT_FORMATS, readSource } from '../import/read-source.js'
import { showImport } from '../import/show-import.js'
import { countOutcomes, planEntries, writeEntries } from '../import/write-entries.js'
import type { Session } from '../session.js'

interface ImportOptions {
  from: string
  source?: string
  sourcePrefix?: string
  tz?: string
  task?: string
  taskMap?: string
  system?: boolean
  owner?: string
  disabled?: boolean
  dryRun?: boolean
  skipRefused?: boolean
  force?: boolean
}

/** `import [path]`: writes the schedules of a file or of another system. */
export function registerImport(program: Command): void {
  const command = program
    .command('import')
    .description('create or replace the schedules of a file, or of another system')
    .argument('[path]', 'file or folder to read; - for standard input')
    .addOption(new Option('--from <format>', 'format of the source').choices(IMPORT_FORMATS).default('everybeat'))
    .option('--source <url>', 'Redis of the other system, for the formats that are read from keys')
    .option('--source-prefix <prefix>', 'prefix of the keys of the other system (default: the default of that system)')
    .option('--tz <zone>', 'IANA zone of entries that name none')
    .option('--task <task>', 'task of every entry (default: the task of the entry; of a crontab: shell)')
    .option('--task-map <file>', 'JSON or YAML file that maps tasks of the other system to tasks of this fleet')
    .option('--system', 'the crontab has a column for the user, like /etc/crontab')
    .option('--owner <owner>', 'owner of the schedules')
    .option('--disabled', 'import disabled schedules, to compare them before the switch')
    .option('--dry-run', 'show the entries without writing them')
    .option('--skip-refused', 'write the other entries when some are refused')
    .option('--force', 'import although the other system is still running')
  setAction<ImportOptions, [string | undefined]>(command, async (session, options, path) => {
    const entries = finishEntries(await readSource(sourceOf(options, path)), await finishOptionsOf(options))
    const refused = entries.some(({ definition }) => definition === undefined)
    const writes = !options.dryRun && (!refused || (options.skipRefused ?? false))
    const reported = await session.withBeat((beat) =>
      writes
        ? writeEntries(session.edits(beat, 'import'), entries, progressOf(session, entries))
        : planEntries(beat, entries),
    )
    const counts = countOutcomes(reported)
    session.result({ format: options.from, entries: reported, counts }, () =>
      showImport(session, reported, { counts, isOwnFormat: options.from === 'everybeat' }),
    )
    if (refused && !options.dryRun && !writes)
      session.note('nothing was written; --skip-refused writes the other entries')
    return refused ? 1 : 0
  })
}

function sourceOf(options: ImportOptions, path: string | undefined): Parameters<typeof readSource>[0] {
  const { from: format, source, sourcePrefix, tz, task, system, force = false } = options
  return {
    format,
    path,
    source,
    sourcePrefix,
    force,
    ...(tz !== undefined && { tz }),
    ...(task !== undefined && { task }),
    ...(system !== undefined && { system }),
  }
}

async function finishOptionsOf(options: ImportOptions): Promise<FinishOptions> {
  const { from, owner, disabled, taskMap } = options
  return {
    now: Date.now(),
    renames: from !== 'everybeat',
    ...(owner !== undefined && { owner }),
    ...(disabled && { disabled }),
    ...(taskMap !== undefined && { taskMap: await readTaskMap(taskMap) }),
  }
}

async function readTaskMap(path: string): Promise<Record<string, string>> {
  const { name, text } = await readTextFile(path)
  const value = parseYaml(text, name)[0]?.value
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (isMap && Object.values(value).every((task) => typeof task === 'string')) return value as Record<string, string>
  throw new CliFailure(
    'ERR_CLI_USAGE',
    `${name} is no mapping from tasks of the other system to tasks of this fleet, such as {"app.tasks.report": "report"}`,
  )
}

const MANY = 1_000

function progressOf(session: Session, entries: readonly ImportedEntry[]): (done: number, total: number) => void {
  if (session.json || entries.length < MANY) return () => undefined
  return (done, total) => session.note(`${done} of ${total} schedules`)
}
