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

/** `import [path]`: the schedules of a file, or of another system. */
export function registerImport(program: Command): void {
  const command = program
    .command('import')
    .description('create or replace the schedules of a file, or of another system')
    .argument('[path]', 'file or folder to read; - for standard input')
    .addOption(new Option('--from <format>', 'what to read').choices(IMPORT_FORMATS).default('everybeat'))
    .option('--source <url>', 'Redis of the other system, for the formats that are read from keys')
    .option('--source-prefix <prefix>', 'prefix of its keys (default: its own default)')
    .option('--tz <zone>', 'IANA zone of entries that name none')
    .option('--task <task>', 'task of every entry (default: the task of the entry; of a crontab: shell)')
    .option('--task-map <file>', 'JSON or YAML file: task there → task here')
    .option('--system', 'the crontab has a column for the user, like /etc/crontab')
    .option('--owner <owner>', 'owner of the schedules')
    .option('--disabled', 'import switched off, to compare before switching')
    .option('--dry-run', 'only say what would be written')
    .option('--skip-refused', 'write the others when entries are refused')
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
    if (refused && !options.dryRun && !writes) session.note('nothing was written; --skip-refused writes the others')
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
    `${name} is no mapping of tasks there to tasks here, such as {"app.tasks.report": "report"}`,
  )
}

const MANY = 1_000

function progressOf(session: Session, entries: readonly ImportedEntry[]): (done: number, total: number) => void {
  if (session.json || entries.length < MANY) return () => undefined
  return (done, total) => session.note(`${done} of ${total} schedules`)
}
