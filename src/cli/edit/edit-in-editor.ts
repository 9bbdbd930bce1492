import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  EverybeatError,
  type DefinitionShape,
  type Everybeat,
  type PutResult,
  type Schedules,
  type ScheduleView,
} from '../../index.js'
import { noSuchSchedule } from '../describe.js'
import { CliFailure } from '../failure.js'
import { compareDefinitions } from '../import/compare-stored.js'
import { definitionOf, openText, readText, withHead } from './edit-text.js'
import { editorCommand } from './editor-command.js'

type Changes = Parameters<Everybeat['schedules']['patch']>[1]

/** The instance that reads a schedule, and its schedules in the name of the editor. */
export interface EditTarget {
  readonly beat: Everybeat
  readonly edits: Schedules
}

/** The result of one try to write an edited text: done, or the lines for the user before the next try. */
type Attempt =
  | { readonly kind: 'done'; readonly result: PutResult }
  | { readonly kind: 'again'; readonly error: Error; readonly lines: string[] }

/**
 * Opens a definition in an editor and writes the changed fields. If the text is refused, or others changed the same
 * fields while it was open, it is opened again with the reason on top. If the user then leaves it unchanged, the edit
 * ends and the text is kept in a file.
 *
 * @throws the refusal when the user gives up; CliFailure when the schedule does not exist or the editor fails
 */
export async function editInEditor({ beat, edits }: EditTarget, name: string, editor: string): Promise<PutResult> {
  let schedule = await readSchedule(beat, name)
  const folder = await mkdtemp(join(tmpdir(), 'everybeat-edit-'))
  const file = join(folder, 'definition.yaml')
  let text = openText(name, schedule)
  for (let failed: Error | null = null; ;) {
    await writeFile(file, text)
    await runEditor(editor, file)
    const edited = await readFile(file, 'utf8')
    if (failed !== null && edited === text) throw keepText(failed, file)
    const attempt = await tryWrite({ beat, edits }, schedule, edited)
    if (attempt.kind === 'done') {
      await rm(folder, { recursive: true, force: true })
      return attempt.result
    }
    failed = attempt.error
    text = withHead(edited, [...attempt.lines, 'Correct the text and save it, or leave it unchanged to give up.'])
    schedule = await readSchedule(beat, name)
  }
}

async function readSchedule(beat: Everybeat, name: string): Promise<ScheduleView> {
  const schedule = await beat.schedules.get(name)
  if (schedule === null) throw noSuchSchedule(name)
  return schedule
}

/** Writes the changed fields. Changes by others of other fields are kept; a field that both changed is refused. */
async function tryWrite({ beat, edits }: EditTarget, opened: ScheduleView, edited: string): Promise<Attempt> {
  try {
    const before = definitionOf(opened)
    const wanted = readText(edited) as DefinitionShape
    const changes = changesOf(before, wanted)
    const now = await readSchedule(beat, opened.name)
    const meanwhile = compareDefinitions(before, definitionOf(now))
    const both = Object.keys(changes).filter((field) => field in meanwhile)
    if (both.length > 0) {
      const values = both.map(
        (field) =>
          `  ${field}: was ${show(meanwhile[field]![0])}, is now ${show(meanwhile[field]![1])}, yours is ${show(wanted[field as keyof DefinitionShape])}`,
      )
      const message = `schedule ${JSON.stringify(opened.name)} was changed by others in ${both.join(', ')}; nothing was written`
      return {
        kind: 'again',
        error: new CliFailure('ERR_CLI_CONFLICT', message),
        lines: ['Changed by others while the editor was open:', ...values],
      }
    }
    return { kind: 'done', result: await edits.patch(opened.name, changes) }
  } catch (error) {
    const isRefused =
      (error instanceof EverybeatError && error.code !== 'ERR_EVERYBEAT_CONNECTION') || error instanceof CliFailure
    if (!isRefused || (error instanceof CliFailure && error.code === 'ERR_CLI_NOT_FOUND')) throw error
    return { kind: 'again', error, lines: [`Refused: ${error.message}`] }
  }
}

function changesOf(before: DefinitionShape, wanted: DefinitionShape): Changes {
  return Object.fromEntries(
    Object.entries(compareDefinitions(before, wanted)).map(([field, [, value]]) => [field, value ?? null]),
  ) as Changes
}

function show(value: unknown): string {
  return value === undefined ? 'not set' : JSON.stringify(value)
}

function keepText(failed: Error, file: string): Error {
  process.stderr.write(`nothing was changed; your text is in ${file}\n`)
  return failed
}

async function runEditor(editor: string, file: string): Promise<void> {
  const child = spawn(editorCommand(editor, file), { shell: true, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code === 0) return
  throw new CliFailure('ERR_CLI_FAILED', `${editor} ended with ${code ?? 'a signal'}; nothing was changed`)
}
