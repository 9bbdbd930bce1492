import type { DefinitionInput, SyncResult } from '../../index.js'
import { Option, setAction, type Command } from '../command.js'
import { readSoundDefinitions } from '../definition-folder.js'
import { oneLine } from '../format.js'
import type { Session } from '../session.js'

interface ApplyOptions {
  file: string
  owner: string
  prune: 'report' | 'pause' | 'remove'
  dryRun?: boolean
  yes?: boolean
}

const MANY = 1_000

/** `apply -f <file|dir> --owner <owner>`: declares the owner's schedules from definition files. */
export function registerApply(program: Command): void {
  const command = program
    .command('apply')
    .description('declare the schedules of an owner from definition files')
    .requiredOption('-f, --file <path>', 'file or folder of definitions; - for standard input')
    .requiredOption('--owner <owner>', 'owner of the schedules; those of other owners are not changed')
    .addOption(
      new Option('--prune <what>', "what to do with the owner's schedules that are in no file")
        .choices(['report', 'pause', 'remove'])
        .default('report'),
    )
    .option('--dry-run', 'show the changes without making them')
  setAction<ApplyOptions, []>(command, async (session, { file, owner, prune, dryRun = false }) => {
    const definitions = (await readSoundDefinitions(file)).map(({ name, definition }) => ({
      ...(definition as DefinitionInput),
      name,
    }))
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      if (!session.json && total >= MANY) session.note(`${done} of ${total} schedules`)
    }
    const result = await session.withBeat((beat) => beat.sync(definitions, { owner, prune, dryRun, onProgress }))
    session.result(result, () => showResult(session, result, { owner, dryRun }))
    return result.conflicts.length > 0 ? 1 : 0
  })
}

function showResult(
  { colors }: Session,
  result: SyncResult,
  { owner, dryRun }: { owner: string; dryRun: boolean },
): string {
  const done = new Set([...result.paused, ...result.removed])
  const left = result.orphaned.filter((name) => !done.has(name))
  const groups: [label: string, names: readonly string[], paint: (text: string) => string][] = [
    [dryRun ? 'would create' : 'created', result.created, colors.green],
    [dryRun ? 'would update' : 'updated', result.updated, colors.yellow],
    ['paused', result.paused, colors.yellow],
    ['removed', result.removed, colors.red],
    ['not in the files', left, colors.dim],
    ['belongs to another owner', result.conflicts, colors.red],
  ]
  const lines = groups.flatMap(([label, names, paint]) =>
    names.map((name) => `${paint(label)} ${colors.bold(oneLine(name))}`),
  )
  const counts = `${result.created.length} ${dryRun ? 'would be ' : ''}created, ${result.updated.length} ${dryRun ? 'would be ' : ''}updated, ${result.unchanged.length} unchanged`
  return [...lines, `${oneLine(owner)}: ${counts}`].join('\n')
}
