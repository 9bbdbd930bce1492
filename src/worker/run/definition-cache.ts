import type { Definition } from '../../schedule/definition.js'
import { decodeFields, decodeRunSettings, type RunSettings } from '../../schedule/hash-codec.js'
import { InstantRules, type InstantRule } from '../../schedule/instant-rules.js'
import type { ClaimedRun } from '../store.js'

/** A payload as long as this is not read anew for each run, UTF-16 units. */
const LONG_PAYLOAD = 1_000

/** What a claim says of a definition. */
type ClaimedFields = Pick<ClaimedRun, 'schedule' | 'digest' | 'fields'>

/** A definition as a run needs it: what its start needs at once, the rest when it is asked for. */
export interface RunDefinition {
  readonly task: string | undefined
  readonly overlap: string | undefined
  /** What every run needs. @throws EverybeatError when a run of it cannot be started here */
  settings(): RunSettings
  /** What its instants follow from. @throws EverybeatError when this worker cannot read it */
  rule(): InstantRule
  /** The whole definition. @throws EverybeatError when this worker cannot read it */
  read(): Definition
}

/**
 * Definitions whose reading takes long, by name and digest of their text. What a start needs of the others is read anew
 * each time: that takes less than to keep it, which would fill the memory with every schedule there is.
 */
export interface DefinitionCache {
  get(claimed: ClaimedFields): RunDefinition
  /** Was written or removed: whatever is kept of it is of no use any more. */
  forget(name: string): void
}

/** Creates a cache that keeps the most recent `size` definitions. */
export function createDefinitionCache(size = 20_000): DefinitionCache {
  const kept = new Map<string, ClaimedDefinition>()
  const rules = new InstantRules()

  function keep(definition: ClaimedDefinition): void {
    kept.delete(definition.name)
    kept.set(definition.name, definition)
    if (kept.size > size) kept.delete(kept.keys().next().value!)
  }

  return {
    get(claimed) {
      const { schedule, digest } = claimed
      const known = kept.get(schedule)
      // The fields of a claim are taken apart when they are looked at.
      return known?.digest === digest ? known : new ClaimedDefinition(claimed, rules, keep)
    },
    forget: (name) => void kept.delete(name),
  }
}

class ClaimedDefinition implements RunDefinition {
  readonly name: string
  readonly digest: string
  readonly #fields: Record<string, string>
  readonly #rules: InstantRules
  readonly #keep: (definition: ClaimedDefinition) => void
  /** What a run needs of the definition; null until the first asks. */
  #settings: RunSettings | null = null
  /** The whole definition; null until it is needed. */
  #whole: Definition | null = null

  constructor(claimed: ClaimedFields, rules: InstantRules, keep: (definition: ClaimedDefinition) => void) {
    this.name = claimed.schedule
    this.digest = claimed.digest
    this.#fields = claimed.fields
    this.#rules = rules
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

  rule(): InstantRule {
    return this.#whole ?? this.#rules.read(this.name, this.#fields) ?? this.read()
  }

  read(): Definition {
    if (!this.#whole) {
      this.#whole = decodeFields(this.name, this.#fields)
      this.#keep(this)
    }
    return this.#whole
  }
}
