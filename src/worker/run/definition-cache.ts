import type { Definition } from '../../schedule/definition.js'
import { decodeFields, decodeRunSettings, type RunSettings } from '../../schedule/hash-codec.js'
import { InstantRules, type InstantRule } from '../../schedule/instant-rules.js'
import type { ClaimedRun } from '../store.js'

/** Length of a payload from which its definition is cached, UTF-16 units. */
const LONG_PAYLOAD = 1_000
/** The most definitions whose read parts schedules with the same definition share. */
const SHARED_COUNT = 100

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

/** The parts of a definition that do not depend on the name of its schedule. */
interface SharedParts {
  readonly fields: Readonly<Record<string, string>>
  /** The settings; null until a run reads them. */
  settings: RunSettings | null
}

/**
 * Caches definitions that take long to decode, by name and digest. The fields and the settings of other definitions are
 * decoded for each run, which costs less than memory for every schedule. Only the last {@link SHARED_COUNT} definitions
 * keep theirs, by digest, because schedules that share an instant often share their definition too. The digest is that
 * of all fields and values, so equal digests mean equal fields.
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
  const shared = new Map<string, SharedParts>()

  function partsOf(claimed: ClaimedFields): SharedParts {
    const known = shared.get(claimed.digest)
    if (known) return known
    const parts: SharedParts = { fields: claimed.fields, settings: null }
    // A definition with a long payload is kept by its name, once it is decoded.
    if (hasLongPayload(parts)) return parts
    if (shared.size >= SHARED_COUNT) shared.clear()
    shared.set(claimed.digest, parts)
    return parts
  }

  function keep(definition: ClaimedDefinition): void {
    kept.delete(definition.name)
    kept.set(definition.name, definition)
    if (kept.size > size) kept.delete(kept.keys().next().value!)
  }

  return {
    get(claimed) {
      const { schedule, digest } = claimed
      const known = kept.get(schedule)
      return known?.digest === digest ? known : new ClaimedDefinition(claimed, partsOf(claimed), rules, keep)
    },
    forget: (name) => void kept.delete(name),
  }
}

function hasLongPayload({ fields }: SharedParts): boolean {
  return (fields.payload ?? '').length >= LONG_PAYLOAD
}

class ClaimedDefinition implements RunDefinition {
  readonly name: string
  readonly digest: string
  readonly #parts: SharedParts
  readonly #rules: InstantRules
  readonly #keep: (definition: ClaimedDefinition) => void
  /** The whole definition; null until it is read. */
  #whole: Definition | null = null

  constructor(
    { schedule, digest }: ClaimedFields,
    parts: SharedParts,
    rules: InstantRules,
    keep: (definition: ClaimedDefinition) => void,
  ) {
    this.name = schedule
    this.digest = digest
    this.#parts = parts
    this.#rules = rules
    this.#keep = keep
  }

  get task(): string | undefined {
    return this.#parts.fields.task
  }

  get overlap(): string | undefined {
    return this.#parts.fields.overlap
  }

  settings(): RunSettings {
    const parts = this.#parts
    if (!parts.settings) {
      parts.settings = decodeRunSettings(parts.fields)
      if (hasLongPayload(parts)) this.#keep(this)
    }
    return parts.settings
  }

  rule(): InstantRule {
    return this.#whole ?? this.#rules.read(this.name, this.#parts.fields) ?? this.read()
  }

  read(): Definition {
    if (!this.#whole) {
      this.#whole = decodeFields(this.name, this.#parts.fields)
      this.#keep(this)
    }
    return this.#whole
  }
}
