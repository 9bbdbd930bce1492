import type { ScheduleView } from '../index.js'
import type { DashboardOptions } from './options.js'
import { Problem } from './problem.js'

/** The text in place of a value that is not shown. */
export const MASK = '••••••'

const SECRET_NAMES = /pass(word|wd|phrase)?$|secret|token|api[-_]?key|private[-_]?key|authorization|credential|cookie/i

/** Takes secrets out of payloads and results, and puts them back when an edited definition comes home. */
export class Redaction {
  /** The function of the host application; null for the masking by names alone. */
  readonly #redact: DashboardOptions['redact'] | null

  constructor(redact: DashboardOptions['redact'] | null) {
    this.#redact = redact
  }

  /** A payload as it may be shown. A function that throws hides all of it. */
  payload(payload: unknown, schedule: string): unknown {
    if (payload === undefined || payload === null) return payload
    if (!this.#redact) return maskNames(payload)
    try {
      return this.#redact(structuredClone(payload), schedule)
    } catch {
      return MASK
    }
  }

  /** What a handler returned, as it may be shown. */
  result(result: unknown): unknown {
    return maskNames(result)
  }

  /** A definition as it may be shown. */
  definition<Definition extends object>(definition: Definition, schedule: string): Definition {
    const { payload } = definition as { payload?: unknown }
    return payload === undefined ? definition : { ...definition, payload: this.payload(payload, schedule) }
  }

  /** A difference of definitions, field → [old, new], as it may be shown. */
  diff(diff: Readonly<Record<string, readonly unknown[]>>, schedule: string): Record<string, readonly unknown[]> {
    const entries = Object.entries(diff)
    return Object.fromEntries(
      entries.map(([field, sides]) => [
        field,
        field === 'payload' ? sides.map((side) => this.payload(side, schedule)) : sides,
      ]),
    )
  }

  /**
   * The payload that was meant by an edited one: what still reads as it was shown is what it was, so that saving a form
   * does not write masks over secrets.
   */
  restore(edited: unknown, stored: unknown, schedule: string): unknown {
    return restoreValue(edited, this.payload(stored, schedule), stored)
  }

  /**
   * The payload that a request means, beside that of its schedule: as {@link restore}.
   *
   * @throws Problem 422 for a mask that is where no value was hidden
   */
  restoreWritten(edited: unknown, { name, payload: stored = null }: ScheduleView): unknown {
    const payload = this.restore(edited, stored, name)
    if (JSON.stringify(payload)?.includes(MASK) && !JSON.stringify(stored).includes(MASK)) {
      const detail = `payload: ${MASK} replaces a value that is not shown, and is not where it was; write the value itself`
      throw new Problem(422, { detail, code: 'ERR_EVERYBEAT_PAYLOAD', field: 'payload' })
    }
    return payload
  }
}

function maskNames(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 40) return value
  if (Array.isArray(value)) return value.map((item) => maskNames(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      SECRET_NAMES.test(name) && item !== null && item !== '' ? MASK : maskNames(item, depth + 1),
    ]),
  )
}

function restoreValue(edited: unknown, shown: unknown, stored: unknown): unknown {
  if (JSON.stringify(edited) === JSON.stringify(shown)) return stored
  if (!isObject(edited) || !isObject(shown) || !isObject(stored)) return edited
  if (Array.isArray(edited)) return edited.map((item, index) => restoreValue(item, shown[index], stored[index]))
  return Object.fromEntries(
    Object.entries(edited).map(([name, item]) => [
      name,
      Object.hasOwn(stored, name) ? restoreValue(item, shown[name], stored[name]) : item,
    ]),
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
