import type { Definition } from '../schedule/definition.js'
import { decodeFields } from '../schedule/hash-codec.js'

/** Definitions that were decoded, by name and digest of their text: a schedule that fires each second is read once. */
export interface DefinitionCache {
  get(name: string, digest: string, fields: Record<string, string>): Definition
  /** Was written or removed: whatever is kept of it is of no use any more. */
  forget(name: string): void
}

/** Creates a cache that keeps the most recent `size` definitions. */
export function createDefinitionCache(size = 10_000): DefinitionCache {
  const kept = new Map<string, { digest: string; definition: Definition }>()
  return {
    get(name, digest, fields) {
      const known = kept.get(name)
      if (known?.digest === digest) return known.definition
      const definition = decodeFields(name, fields)
      kept.delete(name)
      kept.set(name, { digest, definition })
      if (kept.size > size) kept.delete(kept.keys().next().value!)
      return definition
    },
    forget: (name) => void kept.delete(name),
  }
}
