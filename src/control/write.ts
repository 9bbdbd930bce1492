import type { Definition } from '../schedule/definition.js'
import { encodeDefinition } from '../schedule/hash-codec.js'
import { fingerprint, planAfter, planSettings } from '../schedule/plan-decision.js'
import type { DefinitionWrite } from './port.js'

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
  }
}
