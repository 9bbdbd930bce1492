import type { Definition } from '../schedule/definition.js'
import { encodeDefinition } from '../schedule/hash-codec.js'
import { decideClosing, fingerprint, planAfter, planSettings } from '../schedule/decide-plan.js'
import type { DefinitionWrite, PutReply, ScheduleStore } from './store.js'

/** Prepares the write of a checked definition: its fields, and the plan for the case that its trigger is new. */
export function prepareWrite(
  definition: Definition,
  nowMs: number,
  expected: { ifRevision?: number | null; ifDigest?: string | null } = {},
): DefinitionWrite {
  // A single instant may have passed already: then it is a misfire, and the policy decides.
  const mayBePast = definition.trigger.kind === 'at'
  return {
    name: definition.name,
    fields: encodeDefinition(definition.given),
    trigger: definition.enabled ? fingerprint(definition) : '',
    plan: planAfter(definition, mayBePast ? Number.MIN_SAFE_INTEGER : nowMs),
    mayBePast,
    ...planSettings(definition),
    ifRevision: expected.ifRevision ?? null,
    ifDigest: expected.ifDigest ?? null,
    isClosed: false,
  }
}

/** A write as its caller sees it: what was overdue is closed. */
export interface WriteReply {
  outcome: Exclude<PutReply['outcome'], 'overdue'>
  revision: number
}

/** What was due for so long that its plan does not tell of all of it is closed one after the other in so many tries. */
const MAX_TRIES = 3

/**
 * Writes a prepared definition. Before it changes a trigger whose occurrences nobody claimed for long, those are closed:
 * they end in the history like any other.
 *
 * @param first the reply to the write, where it was sent already
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
