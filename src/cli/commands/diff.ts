import type { DefinitionShape, ScheduleView } from '../../index.js'
import { toYaml } from '../../definition-files/index.js'
import { setAction, type Command } from '../command.js'
import { readSoundDefinitions, type CheckedDefinition } from '../definition-folder.js'
import { oneLine } from '../format.js'
import { compareDefinitions, readStored, type FieldChange } from '../import/compare-stored.js'
import { noteUnreachable } from '../note-unreachable.js'
import type { Session } from '../session.js'
import { collectSchedules, type FoundSchedules } from './list.js'

/** A difference between the files and the fleet. */
interface Difference {
  name: string
  /** `only-in-files`: would be created; `only-in-fleet`: belongs to the owner and is in no file. */
  change: 'only-in-files' | 'changed' | 'only-in-fleet'
  /** The stored value and the value in the file, by field. */
  fields?: Record<string, FieldChange>
}

/** Exit code when something differs. */
const DIFFERS = 3

/** `diff -f <file|dir>`: shows the changes that `apply` would make. */
export function registerDiff(program: Command): void {
  const command = program
    .command('diff')
    .description('show how definition files and stored schedules differ; the exit code is 3 when they do')
    .requiredOption('-f, --file <path>', 'file or folder of definitions; - for standard input')
    .option('--owner <owner>', 'also show the schedules of this owner that are in no file')
  setAction<{ file: string; owner?: string }, []>(command, async (session, { file, owner }) => {
    const wanted = await readSoundDefinitions(file)
    const differences = await session.withBeat(async (beat) => {
      const stored = await readStored(
        beat,
        wanted.map(({ name }) => name),
      )
      const owned: FoundSchedules = owner === undefined ? [] : await collectSchedules(beat, { owner })
      noteUnreachable(session, owned.unreachableShards)
      return [...compare(wanted, stored, owner), ...findOrphans(wanted, owned)]
    })
    session.result({ differences }, () => showDifferences(session, differences))
    return differences.length > 0 ? DIFFERS : 0
  })
}

function compare(
  wanted: readonly CheckedDefinition[],
  stored: ReadonlyMap<string, ScheduleView>,
  owner: string | undefined,
): Difference[] {
  return wanted.flatMap(({ name, definition }): Difference[] => {
    const found = stored.get(name)
    if (found === undefined) return [{ name, change: 'only-in-files' }]
    // `apply` sets the owner, so without `--owner` another owner is no difference.
    const { owner: storedOwner, ...given } = found.given ?? ({} as DefinitionShape)
    const { owner: wantedOwner = owner, ...rest } = definition
    const fields = {
      ...compareDefinitions(given, rest),
      ...(wantedOwner !== undefined && wantedOwner !== storedOwner && { owner: [storedOwner, wantedOwner] as const }),
    }
    return Object.keys(fields).length === 0 ? [] : [{ name, change: 'changed', fields }]
  })
}

function findOrphans(wanted: readonly CheckedDefinition[], owned: readonly ScheduleView[]): Difference[] {
  const names = new Set(wanted.map(({ name }) => name))
  return owned.filter(({ name }) => !names.has(name)).map(({ name }) => ({ name, change: 'only-in-fleet' }))
}

function showDifferences({ colors }: Session, differences: readonly Difference[]): string {
  if (differences.length === 0) return 'Nothing differs.'
  return differences
    .flatMap(({ name, change, fields = {} }) => {
      const shown = colors.bold(oneLine(name))
      if (change === 'only-in-files') return [`${colors.green('+')} ${shown}  is only in the files`]
      if (change === 'only-in-fleet') return [`${colors.red('-')} ${shown}  is in no file`]
      const lines = Object.entries(fields).flatMap(([field, [stored, wanted]]) => [
        ...(stored === undefined ? [] : [colors.red(`    - ${field}: ${showValue(stored)}`)]),
        ...(wanted === undefined ? [] : [colors.green(`    + ${field}: ${showValue(wanted)}`)]),
      ])
      return [`${colors.yellow('~')} ${shown}`, ...lines]
    })
    .join('\n')
}

function showValue(value: unknown): string {
  return oneLine(typeof value === 'object' ? JSON.stringify(value) : toYaml(value))
}
