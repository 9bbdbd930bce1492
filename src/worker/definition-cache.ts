import type { Definition } from '../schedule/definition.js'
import { decodeFields, decodeRunSettings, type RunSettings } from '../schedule/hash-codec.js'

/** A definition as a run needs it: what its start needs at once, the rest when it is asked for. */
export interface KeptDefinition extends RunSettings {
  /** The whole definition. @throws EverybeatError when this worker cannot read it */
  read(): Definition
}

/** Definitions that were decoded, by name and digest of their text: a schedule that fires each second is read once. */
export interface DefinitionCache {
  /** @throws EverybeatError when a run of it cannot be started here */
  get(name: string, digest: string, fields: Record<string, string>): KeptDefinition
  /** Was written or removed: whatever is kept of it is of no use any more. */
  forget(name: string): void
}

/** Creates a cache that keeps the most recent `size` definitions. */
export function createDefinitionCache(size = 10_000): DefinitionCache {
  const kept = new Map<string, { digest: string; definition: KeptDefinition }>()
  return {
    get(name, digest, fields) {
      const known = kept.get(name)
      if (known?.digest === digest) return known.definition
      const definition = keepDefinition(name, fields)
      kept.delete(name)
      kept.set(name, { digest, definition })
      if (kept.size > size) kept.delete(kept.keys().next().value!)
      return definition
    },
    forget: (name) => void kept.delete(name),
  }
}

function keepDefinition(name: string, fields: Record<string, string>): KeptDefinition {
  let whole: Definition | null = null
  return { ...decodeRunSettings(fields), read: () => (whole ??= decodeFields(name, fields)) }
}
