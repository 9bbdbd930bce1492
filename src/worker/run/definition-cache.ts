import type { Definition } from '../../schedule/definition.js'
import { decodeFields, decodeRunSettings, type RunSettings } from '../../schedule/hash-codec.js'
import { InstantRules, type InstantRule } from '../../schedule/instant-rules.js'
import type { ClaimedRun } from '../store.js'

/** Length of a payload from which its definition is cached, UTF-16 units. */
const LONG_PAYLOAD = 1_000

/** The parts of a claimed run that hold its definition. */
type ClaimedFields = Pick<ClaimedRun, 'schedule' | 'digest' | 'fields'>

/** The definition of a run, which is decoded in parts: the settings for the start, the rest on demand. */
export interface RunDefinition {
  readonly task: string | undefined
  readonly overlap: string | undefined
  /** The settings that every run needs. @throws EverybeatError when this worker cannot start a run of it */
  settings(): RunSettings
  /** The rule of its instants. @throws EverybeatError when this worker cannot decode it */
  rule(): InstantRule
  /** The whole definition. @throws EverybeatError when this worker cannot decode it */
  read(): Definition
}

/**
 * Caches definitions that take long to decode, by name and digest. The settings of other definitions are decoded for
 * each run, which costs less than memory for every schedule.
 */
export interface DefinitionCache {
  get(claimed: ClaimedFields): RunDefinition
  /** Drops a definition that was written or removed. */
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
      // A claim's fields are decoded when they are read.
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
  /** The settings; null until a run reads them. */
  #settings: RunSettings | null = null
  /** The whole definition; null until it is read. */
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
