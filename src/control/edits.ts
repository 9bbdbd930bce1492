import type { StoredSchedule } from '../schedule/stored-schedule.js'
import { decodeFields } from '../schedule/hash-codec.js'
import { wrongValue } from '../schedule/field-values.js'
import { differingFields, readDeclaration } from '../schedule/declaration.js'
import { definitionAt, type ChangeKind, type Editor, type StoredChange } from '../schedule/stored-change.js'
import type { DefinitionFields } from '../schedule/definition.js'
import { showChanges, type Change } from './change-list.js'
import type { ScheduleStore } from './store.js'
import { prepareWrite, writeDefinition } from './write.js'

/** The result of going back to the declared definition. */
export interface RevertResult {
  /** `undeclared`: no code declares the schedule. `conflict`: other edits came between in each of several tries. */
  outcome: 'updated' | 'unchanged' | 'conflict' | 'missing' | 'undeclared'
  /** The revision of the schedule now; 0 when it does not exist. */
  revision: number
}

/** Most tries to write a schedule that is edited at the same time. */
const MAX_TRIES = 5

/** The edits of a schedule, newest first. */
export async function readChanges(store: ScheduleStore, name: string): Promise<Change[]> {
  const [{ schedule }, changes] = await Promise.all([store.read(name), store.changes(name)])
  return schedule ? showChanges(changes.changes, changes.known ?? schedule.fields) : []
}

/** Restores the definition that a schedule had at a revision, as an edit like any other. */
export async function rollbackSchedule(
  store: ScheduleStore,
  name: string,
  revision: number,
  editor: Editor,
): Promise<RevertResult> {
  return await writeBack(store, name, { editor, kind: 'rollback' }, async (schedule) => {
    const { known, changes } = await store.changes(name)
    const fields = definitionAt(changes, known ?? schedule.fields, revision)
    if (fields === null) throw wrongValue('revision', revision, keptRevisions(changes), 'ERR_EVERYBEAT_OPTIONS')
    return fields
  })
}

/** Restores the definition that code declared last. */
export async function revertSchedule(store: ScheduleStore, name: string, editor: Editor): Promise<RevertResult> {
  return await writeBack(store, name, { editor, kind: 'revert' }, (schedule) => {
    const declaration = readDeclaration(schedule)
    if (declaration === null) return 'undeclared'
    return differingFields(declaration, schedule).length === 0 ? 'unchanged' : declaration.fields
  })
}

type Fields = Readonly<DefinitionFields>

async function writeBack(
  store: ScheduleStore,
  name: string,
  about: { editor: Editor; kind: ChangeKind },
  find: (schedule: StoredSchedule) => Fields | 'undeclared' | 'unchanged' | Promise<Fields>,
): Promise<RevertResult> {
  for (let tries = 0; ; tries++) {
    const { schedule, nowMs } = await store.read(name)
    if (!schedule) return { outcome: 'missing', revision: 0 }
    const fields = await find(schedule)
    const revision = Number(schedule.state.revision ?? 0)
    if (typeof fields === 'string') return { outcome: fields as 'undeclared' | 'unchanged', revision }
    const definition = decodeFields(name, fields)
    const write = prepareWrite(definition, nowMs, { ...about, ifDigest: schedule.digest })
    const reply = await writeDefinition(store, write)
    if (reply.outcome === 'conflict' && tries < MAX_TRIES) continue
    return { outcome: reply.outcome === 'created' ? 'updated' : reply.outcome, revision: reply.revision }
  }
}

function keptRevisions(changes: readonly StoredChange[]): string {
  if (changes.length === 0) return 'none: no edit of this schedule is kept'
  const first = changes[0]!
  const from = first.kind === 'create' ? first.revision : Math.max(1, first.revision - 1)
  return `a revision that is kept, ${from} to ${changes.at(-1)!.revision}`
}
