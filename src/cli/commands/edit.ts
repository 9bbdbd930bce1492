import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DefinitionShape, Everybeat, ScheduleView } from '../../index.js'
import { collect, setAction, type Command } from '../command.js'
import { DEFINITION_FIELDS } from '../../definition-files/index.js'
import { readAssignment, readFieldName } from '../definition-options.js'
import { checkWritten, describeWrite, noSuchSchedule } from '../describe.js'
import { CliFailure } from '../failure.js'
import { readJsonFile } from '../files.js'

interface EditOptions {
  set?: string[]
  unset?: string[]
}

/** `edit <name>`: changes fields of a definition, or opens it in an editor. */
export function registerEdit(program: Command): void {
  const command = program
    .command('edit')
    .description('change a definition: with --set and --unset, else in $VISUAL or $EDITOR')
    .argument('<name>', 'name of the schedule')
    .option('--set <field=value>', 'give a field a value; may be repeated', collect)
    .option('--unset <field>', 'take a field away; may be repeated', collect)
  setAction<EditOptions, [string]>(command, async (session, { set = [], unset = [] }, name) => {
    const given: Changes = Object.fromEntries([
      ...unset.map((field) => [readFieldName(field), null]),
      ...set.map(readAssignment),
    ])
    const written = await session.withBeat(async (beat) => {
      if (set.length + unset.length > 0) return beat.schedules.patch(name, given)
      const schedule = await beat.schedules.get(name)
      if (schedule === null) throw noSuchSchedule(name)
      const before = definitionOf(schedule)
      // Only what was changed is written, so what others changed meanwhile, elsewhere in it, stays.
      return beat.schedules.patch(name, compare(before, await editText(before)))
    })
    checkWritten(name, written)
    session.result(written, () => describeWrite(name, written, session.colors))
  })
}

type Changes = Parameters<Everybeat['schedules']['patch']>[1]

// A definition that cannot be used is shown as the text that it is, to be put right.
function definitionOf(schedule: ScheduleView): DefinitionShape {
  if (schedule.given) return schedule.given
  const fields = Object.keys(DEFINITION_FIELDS) as (keyof DefinitionShape)[]
  return Object.fromEntries(
    fields.filter((field) => schedule[field] !== undefined).map((field) => [field, schedule[field]]),
  )
}

/** What has to be patched to come from one definition to the other. */
function compare(before: DefinitionShape, after: Record<string, unknown>): Changes {
  const was = { ...before } as Record<string, unknown>
  const fields = [...new Set([...Object.keys(was), ...Object.keys(after)])]
  const changed = fields.filter((field) => JSON.stringify(was[field]) !== JSON.stringify(after[field]))
  return Object.fromEntries(changed.map((field) => [field, after[field] ?? null]))
}

async function editText(definition: DefinitionShape): Promise<Record<string, unknown>> {
  const editor = process.env.VISUAL || process.env.EDITOR
  if (!editor) throw new CliFailure('ERR_CLI_USAGE', 'edit needs $VISUAL or $EDITOR, or --set and --unset')
  const folder = await mkdtemp(join(tmpdir(), 'everybeat-edit-'))
  try {
    const file = join(folder, 'definition.json')
    await writeFile(file, `${JSON.stringify(definition, null, 2)}\n`)
    await runEditor(editor, file)
    return (await readJsonFile(file, 'object')) as Record<string, unknown>
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

// The variable may hold a command with options (`code --wait`), so a shell reads it; the file is ours and quoted.
async function runEditor(editor: string, file: string): Promise<void> {
  const child = spawn(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0)
    throw new CliFailure('ERR_CLI_FAILED', `${editor} ended with ${code ?? 'a signal'}; nothing was changed`)
}
