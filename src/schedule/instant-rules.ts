import { createTrigger } from '../time/create-trigger.js'
import { parseDuration } from '../time/duration.js'
import type { TriggerInput } from '../time/trigger-input.js'
import type { Trigger } from '../time/trigger.js'
import type { Definition, DefinitionFields, DefinitionInput } from './definition.js'
import { isFieldName } from './fields.js'
import { decodeField } from './hash-codec.js'

/** The parts of a {@link Definition} that decide its instants. */
export type InstantRule = Pick<Definition, 'name' | 'trigger' | 'jitterMs' | 'enabled'> & {
  readonly given: Pick<DefinitionInput, 'tz'>
}

/** The fields that make a trigger, in the order of {@link TriggerInput}. */
const TRIGGER_FIELDS = Object.keys({
  cron: true,
  every: true,
  at: true,
  rrule: true,
  solar: true,
  tz: true,
  dstGap: true,
  dstOverlap: true,
  dayMatch: true,
  anchor: true,
  spread: true,
  lat: true,
  lon: true,
  exclude: true,
  skipNext: true,
  start: true,
  end: true,
} satisfies Record<keyof TriggerInput, true>) as (keyof TriggerInput)[]

/** The most triggers that are kept. */
const KEPT_COUNT = 1_000
/** The most instants that a kept trigger remembers. */
const REMEMBERED_COUNT = 16

/**
 * Reads the instant rules of definitions. A refill needs nothing else, and reading a whole definition takes ten times
 * as long.
 *
 * Invariants:
 * 1. A rule gives the instants, the delays and the zone that the whole definition gives. A trigger is shared only
 *    between definitions whose trigger fields have the same text, and never where the name of the schedule may decide
 *    its instants (`H`, `spread`).
 * 2. A definition with a field that this version does not know has no rule: a newer version wrote it, and only that
 *    version knows its instants.
 * 3. At most 1 000 triggers are kept, each with at most 16 instants; the oldest trigger is removed first.
 */
export class InstantRules {
  /** Triggers by the text of their fields; schedules that share instants have few different triggers. */
  readonly #triggers = new Map<string, Trigger>()

  /**
   * The rule of a checked definition; null if it has a field that this version does not know.
   *
   * @throws EverybeatError for a text that is no trigger here, as `decodeFields` does
   */
  read(name: string, fields: Readonly<DefinitionFields>): InstantRule | null {
    for (const field in fields) if (!isFieldName(field)) return null
    const { jitter, enabled, tz } = fields
    return {
      name,
      trigger: this.#triggerOf(name, fields),
      jitterMs: jitter === undefined ? 0 : parseDuration(decodeField('jitter', jitter), 'jitter'),
      enabled: enabled === undefined || decodeField('enabled', enabled) === true,
      given: tz === undefined ? {} : { tz },
    }
  }

  #triggerOf(name: string, fields: Readonly<DefinitionFields>): Trigger {
    if (goesByName(fields)) return makeTrigger(name, fields)
    let key = ''
    // The texts of a checked definition hold no NUL.
    for (const field of TRIGGER_FIELDS) if (fields[field] !== undefined) key += `${field}\0${fields[field]}\0`
    const known = this.#triggers.get(key)
    if (known) return known
    const trigger = remember(makeTrigger(name, fields))
    if (this.#triggers.size >= KEPT_COUNT) this.#triggers.delete(this.#triggers.keys().next().value!)
    this.#triggers.set(key, trigger)
    return trigger
  }
}

/** Whether the instants may depend on the name of the schedule: by `H` in a cron or an exclusion, or by `spread`. */
function goesByName({ cron = '', exclude = '', spread }: Readonly<DefinitionFields>): boolean {
  return spread !== undefined || /h/i.test(cron) || /h/i.test(exclude)
}

/**
 * Wraps a trigger in a cache of its last answers: schedules that share an instant need the same ones, and the next
 * instant of a yearly rule takes longer than the rest of a refill.
 */
function remember(trigger: Trigger): Trigger {
  const following = new Map<number, number | null>()
  const next = (afterMs: number): number | null => {
    const known = following.get(afterMs)
    if (known !== undefined) return known
    const nextMs = trigger.next(afterMs)
    if (following.size >= REMEMBERED_COUNT) following.clear()
    following.set(afterMs, nextMs)
    return nextMs
  }
  return Object.freeze({ ...trigger, next })
}

function makeTrigger(name: string, fields: Readonly<DefinitionFields>): Trigger {
  const input: Record<string, unknown> = {}
  for (const field of TRIGGER_FIELDS) {
    const text = fields[field]
    if (text !== undefined) input[field] = decodeField(field, text)
  }
  return createTrigger(input, name)
}
