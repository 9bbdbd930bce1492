import type { Definition } from '../schedule/definition.js'
import { encodeDefinition } from '../schedule/hash-codec.js'
import { decideClosing, fingerprint, planAfter, planSettings } from '../schedule/decide-plan.js'
import type { ChangeKind, Editor } from '../schedule/stored-change.js'
import { inBatches } from './batches.js'
import type { DefinitionWrite, PutReply, ScheduleStore } from './store.js'

/** The conditions of a write, and its entry in the change list. */
export interface WriteAbout {
  readonly editor: Editor
  /** The revision that the schedule must have; 0 for none yet, null for any. */
  readonly ifRevision?: number | null
  /** The digest that the definition must have; null for any. */
  readonly ifDigest?: string | null
  /** The declaration to store, and the one that must be stored now. */
  readonly declaration?: { readonly expected: string; readonly text: string } | null
  readonly kind?: ChangeKind
  /** Edited fields that a declaration overwrites. */
  readonly conflicts?: readonly string[]
}

/** Prepares the write of a checked definition: its fields, and the plan that is stored if its trigger is new. */
export function prepareWrite(definition: Definition, nowMs: number, about: WriteAbout): DefinitionWrite {
  // The instant of `at` may have passed already: then it is a misfire, and its policy decides.
  const mayBePast = definition.trigger.kind === 'at'
  const plan = planAfter(definition, mayBePast ? Number.MIN_SAFE_INTEGER : nowMs)
  return {
    ...prepareNote(definition.name, about),
    fields: encodeDefinition(definition.given),
    trigger: definition.enabled ? fingerprint(definition) : '',
    plan,
    mayBePast,
    ...planSettings(definition, plan),
  }
}

/** Prepares a write that stores a declaration and leaves the definition unchanged. */
export function prepareNote(name: string, about: WriteAbout): DefinitionWrite {
  const { editor, ifRevision = null, ifDigest = null, declaration = null, kind = 'edit', conflicts = [] } = about
  return {
    name,
    fields: {},
    trigger: '',
    plan: '',
    mayBePast: false,
    periodMs: null,
    graceMs: null,
    removalMs: null,
    ifRevision,
    ifDigest,
    isClosed: false,
    declaration,
    editor,
    kind,
    conflicts,
  }
}

/** The final reply to a write: overdue occurrences are closed. */
export interface WriteReply {
  outcome: Exclude<PutReply['outcome'], 'overdue'>
  revision: number
}

/**
 * Most tries to close the overdue occurrences of a former trigger; a plan that ran out gives only a part of them at a
 * time.
 */
const MAX_TRIES = 3

/**
 * Writes a prepared definition. If the write changes a trigger with overdue occurrences, these are closed first and
 * recorded in the history.
 *
 * @param first the reply to the write, if it was sent already
 */
export async function writeDefinition(
  store: ScheduleStore,
  write: DefinitionWrite,
  first?: PutReply,
): Promise<WriteReply> {
  let reply = first ?? (await store.put(write))
  for (let tries = 0; reply.outcome === 'overdue'; tries++) {
    const { schedule, nowMs } = await store.read(write.name)
    const decision = schedule && decideClosing(schedule, nowMs, write.trigger === '' ? 'disabled' : 'edited')
    if (decision) await store.storePlan({ schedule, ...decision })
    reply = await store.put({ ...write, isClosed: decision === null || tries >= MAX_TRIES })
  }
  return { outcome: reply.outcome, revision: reply.revision }
}

/** Number of definitions in one batch. */
const BATCH = 1_000

/** Writes checked definitions in pipelined batches, and counts the outcomes. */
export async function writeMany(
  store: ScheduleStore,
  definitions: readonly Definition[],
  editor: Editor,
  onProgress?: (progress: { done: number; total: number }) => void,
): Promise<{ created: number; updated: number; unchanged: number }> {
  const result = { created: 0, updated: 0, unchanged: 0 }
  const write = async (batch: readonly Definition[]) => {
    const nowMs = await store.now()
    const writes = batch.map((definition) => prepareWrite(definition, nowMs, { editor }))
    for (const [index, reply] of (await store.putMany(writes)).entries()) {
      let { outcome } = reply
      if (outcome === 'overdue') ({ outcome } = await writeDefinition(store, writes[index]!, reply))
      if (outcome !== 'conflict') result[outcome] += 1
    }
  }
  await inBatches(definitions, BATCH, write, onProgress)
  return result
}
