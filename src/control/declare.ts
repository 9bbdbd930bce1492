import { decideDeclaration, formatDeclaration, type DeclarationDecision } from '../schedule/declaration.js'
import type { Definition } from '../schedule/definition.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'
import type { Editor } from '../schedule/stored-change.js'
import type { DefinitionWrite, ScheduleStore } from './store.js'
import { prepareNote, prepareWrite, writeDefinition } from './write.js'

/** The outcome of a declaration. `outdated`: a higher version of the code has declared the schedule. */
export interface DeclareResult {
  outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'outdated'
  revision: number
  /** Fields edited live that the declaration overwrote. */
  conflicts: readonly string[]
}

/** Who declares, and the version of the declaring code. */
export interface Declarer {
  readonly editor: Editor
  /** Empty for none. */
  readonly version: string
  /** Writes only schedules that do not exist. */
  readonly onlyMissing: boolean
}

/** Most tries to write a schedule that is edited at the same time. */
const MAX_TRIES = 5

/**
 * Declares one schedule: fields that differ from the last declaration are written; live edits of the other fields stay.
 */
export async function declareSchedule(
  store: ScheduleStore,
  definition: Definition,
  declarer: Declarer,
): Promise<DeclareResult> {
  for (let tries = 0; ; tries++) {
    const schedule = (await store.readEach([definition.name])).get(definition.name)!
    const revision = Number(schedule.state.revision ?? 0)
    const decision = decideFor(schedule, definition, declarer)
    if (decision.kind === 'unchanged' || decision.kind === 'outdated') {
      return { outcome: decision.kind, revision, conflicts: [] }
    }
    const write = prepareDeclaration(declarer, { schedule, definition, decision }, await store.now())
    const reply = await writeDefinition(store, write)
    const conflicts = decision.kind === 'written' ? decision.conflicts : []
    if (reply.outcome !== 'conflict') return { ...reply, conflicts }
    if (tries >= MAX_TRIES) return { ...reply, conflicts: [] }
  }
}

/** Decides what a declaration of this declarer writes. */
export function decideFor(
  schedule: StoredSchedule,
  definition: Definition,
  { version, onlyMissing }: Declarer,
): DeclarationDecision {
  if (onlyMissing && schedule.digest !== '') return { kind: 'unchanged' }
  return decideDeclaration(schedule, definition, version)
}

/** A decision that writes, with the stored schedule and the declared definition that it is based on. */
export interface DecidedDeclaration {
  readonly schedule: StoredSchedule
  readonly definition: Definition
  readonly decision: Extract<DeclarationDecision, { kind: 'noted' | 'written' }>
}

/** Prepares the write of a decision. Redis refuses the write if the schedule was changed after the decision. */
export function prepareDeclaration(
  { editor, version }: Declarer,
  { schedule, definition, decision }: DecidedDeclaration,
  nowMs: number,
): DefinitionWrite {
  const about = {
    editor,
    ...(schedule.digest === '' ? { ifRevision: 0 } : { ifDigest: schedule.digest }),
    declaration: { expected: schedule.declared ?? '-', text: formatDeclaration(definition, version) },
  }
  if (decision.kind === 'noted') return prepareNote(definition.name, about)
  return prepareWrite(decision.definition, nowMs, { ...about, conflicts: decision.conflicts })
}
