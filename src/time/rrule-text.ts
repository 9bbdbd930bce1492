import { EverybeatError, showValue } from '../errors.js'
import { DAY_SECONDS, daysInMonth, daysToDate } from './civil.js'

/**
 * A date-time of an RRULE text: the time on a clock, in seconds since 1970 on that clock, and the zone of the clock.
 */
export interface RruleTime {
  readonly wall: number
  /** `utc` for a `Z`, otherwise the zone of the text's TZID or the definition's `tz`. */
  readonly clock: 'utc' | 'local'
  /** Whether the text is a date without a time of day. */
  readonly dateOnly: boolean
}

/** The properties of an RRULE text, separated but not yet applied in a zone. */
export interface RruleText {
  readonly start: RruleTime
  /** Zone that the text itself names. */
  readonly zone: string | null
  /** The parts of the rule, in upper case: `FREQ` → `DAILY`. */
  readonly parts: ReadonlyMap<string, string>
  readonly extraTimes: readonly RruleTime[]
  readonly exceptTimes: readonly RruleTime[]
}

const MAX_RRULE_LENGTH = 10_000

/** @throws {EverybeatError} always: `ERR_EVERYBEAT_TRIGGER`, with what is allowed. */
export function refuseRrule(input: unknown, reason: string): never {
  throw new EverybeatError('ERR_EVERYBEAT_TRIGGER', `rrule: ${showValue(input)} cannot be used; ${reason}`, {
    field: 'rrule',
    value: input,
  })
}

/**
 * Splits RFC 5545 text into its properties: one DTSTART, one RRULE, any RDATE and EXDATE. They are separated by lines
 * or spaces, and `RRULE:` may be omitted before `FREQ=`.
 * @throws {EverybeatError} `ERR_EVERYBEAT_TRIGGER`.
 */
export function readRruleText(input: unknown): RruleText {
  if (typeof input !== 'string') return refuseRrule(input, 'allowed: RFC 5545 text')
  if (input.length > MAX_RRULE_LENGTH) refuseRrule(input, `allowed: at most ${MAX_RRULE_LENGTH} characters`)
  const zones = new Set<string>()
  const found = { DTSTART: [] as RruleTime[], RDATE: [] as RruleTime[], EXDATE: [] as RruleTime[] }
  const rules: string[] = []
  for (const word of input.split(/\s+/).filter((text) => text !== '')) {
    const [, name, parameters = '', value = ''] = /^([A-Za-z-]+)((?:;[^:]*)?):(.*)$/.exec(word) ?? []
    const property = name?.toUpperCase()
    if (property === undefined && /^FREQ=/i.test(word)) rules.push(word)
    else if (property === 'RRULE' && parameters === '') rules.push(value)
    else if (property === 'DTSTART' || property === 'RDATE' || property === 'EXDATE') {
      readParameters(input, parameters, zones)
      for (const text of value.split(',')) found[property].push(readTime(input, property, text))
    } else refuseRrule(input, `${showValue(word)} is not known; allowed: DTSTART, RRULE, RDATE and EXDATE`)
  }
  const [start] = found.DTSTART
  if (start === undefined || found.DTSTART.length > 1)
    refuseRrule(input, 'allowed: exactly one DTSTART, such as DTSTART:20260101T090000')
  if (rules.length !== 1) refuseRrule(input, 'allowed: exactly one RRULE, such as RRULE:FREQ=DAILY')
  if (zones.size > 1) refuseRrule(input, 'allowed: one TZID')
  const [zone = null] = zones
  return { start, zone, parts: readParts(input, rules[0]!), extraTimes: found.RDATE, exceptTimes: found.EXDATE }
}

function readParameters(input: string, parameters: string, zones: Set<string>): void {
  for (const parameter of parameters.split(';').slice(1)) {
    const [, key, value] = /^([A-Za-z]+)=(.+)$/.exec(parameter) ?? []
    if (key?.toUpperCase() === 'TZID') zones.add(value!)
    else if (key?.toUpperCase() !== 'VALUE' || !/^DATE(-TIME)?$/i.test(value!)) {
      refuseRrule(
        input,
        `parameter ${showValue(parameter)} is not known; allowed: TZID, VALUE=DATE and VALUE=DATE-TIME`,
      )
    }
  }
}

/** Reads `20260101`, `20260101T090000` or `20260101T090000Z`. */
export function readTime(input: unknown, property: string, text: string): RruleTime {
  const digits = /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?$/i.exec(text)
  const [year, month, day, hour, minute, second] = (digits ?? []).slice(1, 7).map((part) => Number(part ?? 0))
  const exists = month! >= 1 && month! <= 12 && day! >= 1 && day! <= daysInMonth(year!, month!)
  if (!exists || hour! > 23 || minute! > 59 || second! > 59) {
    refuseRrule(
      input,
      `${property} ${showValue(text)} does not exist; allowed: a date-time such as 20260101T090000 or 20260101T090000Z`,
    )
  }
  const wall = daysToDate(year!, month!, day!) * DAY_SECONDS + hour! * 3600 + minute! * 60 + second!
  return { wall, clock: digits![7] ? 'utc' : 'local', dateOnly: digits![4] === undefined }
}

function readParts(input: unknown, rule: string): Map<string, string> {
  const parts = new Map<string, string>()
  for (const part of rule.toUpperCase().split(';')) {
    const [, key, value] = /^([A-Z]+)=(.+)$/.exec(part) ?? []
    if (key === undefined || parts.has(key))
      refuseRrule(input, `rule part ${showValue(part)} cannot be used; allowed: each part once, as NAME=value`)
    parts.set(key, value!)
  }
  return parts
}
