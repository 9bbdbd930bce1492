import type { Everybeat } from '../../index.js'
import { collect, setAction, type Command } from '../command.js'
import { readAssignment, readFieldName } from '../definition-options.js'
import { checkWritten, describeWrite } from '../describe.js'
import { editInEditor } from '../edit/edit-in-editor.js'
import { findEditor } from '../edit/editor-command.js'

interface EditOptions {
  set?: string[]
  unset?: string[]
}

type Changes = Parameters<Everybeat['schedules']['patch']>[1]

/** `edit <name>`: changes fields of a definition, or opens it in an editor as YAML. */
export function registerEdit(program: Command): void {
  const command = program
    .command('edit')
    .description('change a definition by --set and --unset, or else in $VISUAL or $EDITOR')
    .argument('<name>', 'name of the schedule')
    .option('--set <field=value>', 'set a field to a value; may be repeated', collect)
    .option('--unset <field>', 'remove a field; may be repeated', collect)
  setAction<EditOptions, [string]>(command, async (session, { set = [], unset = [] }, name) => {
    const given: Changes = Object.fromEntries([
      ...unset.map((field) => [readFieldName(field), null]),
      ...set.map(readAssignment),
    ])
    const written = await session.withBeat((beat) =>
      set.length + unset.length > 0
        ? session.edits(beat).patch(name, given)
        : editInEditor({ beat, edits: session.edits(beat) }, name, findEditor()),
    )
    checkWritten(name, written)
    session.result(written, () => describeWrite(name, written, session.colors))
  })
}
