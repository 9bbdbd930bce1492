import type { Definition } from '../../schedule/definition.js'
import { decodeFields, decodeRunSettings, type RunSettings } from '../../schedule/hash-codec.js'
import type { ClaimedRun } from '../store.js'

/** A payload as long as this is not read anew for each run, UTF-16 units. */
const LONG_PAYLOAD = 1_000

/** A definition as a run needs it: what its start needs at once, the rest when it is asked for. */
export interface RunDefinition {
  readonly task: string | undefined
  readonly overlap: string | undefined
  /** What every run needs. @throws EverybeatError when a run of it cannot be started here */
  settings(): RunSettings
  /** The whole definition. @throws EverybeatError when this worker cannot read it */
  read(): Definition
}

/**
 * Definitions whose reading takes long, by name and digest of their text. What a start needs of the others is read anew
 * each time: that takes less than to keep it, which would fill the memory with every schedule there is.
 */
export interface DefinitionCache {
  get(claimed: Pick<ClaimedRun, 'schedule' | 'digest' | 'fields'>): RunDefinition
  /** Was written or removed: whatever is kept of it is of no use any more. */
  forget(name: string): void
}

/** Creates a cache that keeps the most recent `size` definitions. */
export function createDefinitionCache(size = 20_000): DefinitionCache {
  const kept = new Map<string, ClaimedDefinition>()

  function keep(definition: ClaimedDefinition): void {
    kept.delete(definition.name)
    kept.set(definition.name, definition)
    if (kept.size > size) kept.delete(kept.keys().next().value!)
  }

  return {
    get(claimed) {
      const { schedule, digest } = claimed
      const known = kept.get(schedule)
      // Its fields are taken apart when they are looked at.
      return known?.digest === digest ? known : new ClaimedDefinition(schedule, digest, claimed.fields, keep)
    },
    forget: (name) => void kept.delete(name),
  }
}

class ClaimedDefinition implements RunDefinition {
  readonly name: string
  readonly digest: string
  readonly #fields: Record<string, string>
  readonly #keep: (definition: ClaimedDefinition) => void
  #settings: RunSettings | null = null
  #whole: Definition | null = null

  constructor(
    name: string,
    digest: string,
    fields: Record<string, string>,
    keep: (definition: ClaimedDefinition) => void,
  ) {
    this.name = name
    this.digest = digest
    this.#fields = fields
    this.#keep = keep
  }

  get task(): string | undefined {
    return this.#fields.task
  }

  get overlap(): string | undefined {
    return this.#fields.overlap
  }

  settings(): RunSettings {
    if (!this.#settings) {
      this.#settings = decodeRunSettings(this.#fields)
      if ((this.#fields.payload ?? '').length >= LONG_PAYLOAD) this.#keep(this)
    }
    return this.#settings
  }

  read(): Definition {
    if (!this.#whole) {
      this.#whole = decodeFields(this.name, this.#fields)
      this.#keep(this)
    }
    return this.#whole
  }
}
