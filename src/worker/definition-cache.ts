import type { Definition } from '../schedule/definition.js'
import { decodeFields, decodeRunSettings, type RunSettings } from '../schedule/hash-codec.js'
import type { ClaimedRun } from './port.js'

/** A definition as a run needs it: what its start needs at once, the rest when it is asked for. */
export interface KeptDefinition {
  readonly task: string | undefined
  readonly overlap: string | undefined
  /** What every run needs. @throws EverybeatError when a run of it cannot be started here */
  settings(): RunSettings
  /** The whole definition. @throws EverybeatError when this worker cannot read it */
  read(): Definition
}

/** Definitions that were decoded, by name and digest of their text: a schedule that fires each second is read once. */
export interface DefinitionCache {
  get(claimed: Pick<ClaimedRun, 'schedule' | 'digest' | 'fields'>): KeptDefinition
  /** Was written or removed: whatever is kept of it is of no use any more. */
  forget(name: string): void
}

/** Creates a cache that keeps the most recent `size` definitions. */
export function createDefinitionCache(size = 20_000): DefinitionCache {
  const kept = new Map<string, { digest: string; definition: KeptDefinition }>()
  return {
    get(claimed) {
      const { schedule, digest } = claimed
      const known = kept.get(schedule)
      if (known?.digest === digest) return known.definition
      const definition = keepDefinition(schedule, claimed.fields)
      kept.delete(schedule)
      kept.set(schedule, { digest, definition })
      if (kept.size > size) kept.delete(kept.keys().next().value!)
      return definition
    },
    forget: (name) => void kept.delete(name),
  }
}

function keepDefinition(name: string, fields: Record<string, string>): KeptDefinition {
  let settings: RunSettings | null = null
  let whole: Definition | null = null
  return {
    task: fields.task,
    overlap: fields.overlap,
    settings: () => (settings ??= decodeRunSettings(fields)),
    read: () => (whole ??= decodeFields(name, fields)),
  }
}
