import type { ScheduleView } from '../index.js'
import type { DashboardOptions } from './options.js'
import { Problem } from './problem.js'

/** The text in place of a hidden value. */
export const MASK = '••••••'

const SECRET_NAMES = /pass(word|wd|phrase)?$|secret|token|api[-_]?key|private[-_]?key|authorization|credential|cookie/i

/** Removes secrets from payloads and results, and restores them in an edited definition that a page sends. */
export class Redaction {
  /** The function of the host application; null for the masking by names alone. */
  readonly #redact: DashboardOptions['redact'] | null

  constructor(redact: DashboardOptions['redact'] | null) {
    this.#redact = redact
  }

  /** A payload without secrets. A function that throws hides the whole payload. */
  payload(payload: unknown, schedule: string): unknown {
    if (payload === undefined || payload === null) return payload
    if (!this.#redact) return maskNames(payload)
    try {
      return this.#redact(structuredClone(payload), schedule)
    } catch {
      return MASK
    }
  }

  /** The result of a handler without secrets. */
  result(result: unknown): unknown {
    return maskNames(result)
  }

  /** A definition without secrets. */
  definition<Definition extends object>(definition: Definition, schedule: string): Definition {
    const { payload } = definition as { payload?: unknown }
    return payload === undefined ? definition : { ...definition, payload: this.payload(payload, schedule) }
  }

  /** A difference of definitions, field → [old, new], without secrets. */
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
   * The payload that an edited one means: a value that equals its mask gets the stored value, so that saving a form
   * does not write masks over secrets.
   */
  restore(edited: unknown, stored: unknown, schedule: string): unknown {
    return restoreValue(edited, this.payload(stored, schedule), stored)
  }

  /**
   * The payload that a request means in place of that of its schedule: as {@link restore}.
   *
   * @throws Problem 422 for a mask in a place where no value was hidden
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
