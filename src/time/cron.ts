import { CronDays } from './cron-days.js'
import { expandCronText, type CronFields } from './cron-fields.js'
import { isUnrestricted, readCronText } from './cron-text.js'
import { EverybeatError, showValue } from '../errors.js'
import type { OccurrenceSource } from './occurrence-source.js'
import { TimesOfDay } from './times-of-day.js'
import { WallPattern } from './wall-pattern.js'
import { REAL_TIME_RULES, WallOccurrences, type DstRules, type WallClockRule } from './wall-occurrences.js'
import type { Zone } from './zone.js'

/** The parameters of a cron expression beside its text. */
export interface CronContext {
  /** Name of the schedule: the seed of `H`. */
  readonly name: string
  readonly zone: Zone
  readonly dstGap: DstRules['gap']
  readonly dstOverlap: DstRules['overlap']
  readonly dayMatch: 'or' | 'and'
}

/** A cron expression that can be stepped through. */
export interface Cron extends OccurrenceSource {
  /** Six fields, seconds first, upper case, macros and `H` resolved. */
  readonly normalized: string
  readonly hasSeconds: boolean
  /** The values of each field. */
  readonly fields: CronFields
  readonly rule: WallClockRule
  /** Whether a day (a day number since 1970-01-01) is named. */
  namesDay(days: number): boolean
}

/** Most compiled expressions that are cached for each zone; fleets repeat the same few hundred. */
const KEPT_PER_ZONE = 2_000
/** Cache of compiled expressions; equal texts give equal rules, so the cache changes no answer. */
const compiled = new WeakMap<Zone, Map<string, Cron>>()

/**
 * Reads a cron expression.
 * @throws {EverybeatError} `ERR_EVERYBEAT_CRON`, naming the field, the value and what is allowed; also for dates that
 *   do not exist.
 */
export function parseCron(input: unknown, context: CronContext, field = 'cron'): Cron {
  if (typeof input !== 'string') return compileCron(input, context, field)
  const key = keyOf(input, context)
  let kept = compiled.get(context.zone)
  if (!kept) compiled.set(context.zone, (kept = new Map()))
  let cron = kept.get(key)
  if (cron === undefined) {
    cron = compileCron(input, context, field)
    if (kept.size >= KEPT_PER_ZONE) kept.delete(kept.keys().next().value!)
    kept.set(key, cron)
  }
  return cron
}

/** The cache key of an expression: all its parameters but the zone, with the name if it may hold `H`. */
function keyOf(text: string, { name, dstGap, dstOverlap, dayMatch }: CronContext): string {
  return `${dstGap} ${dstOverlap} ${dayMatch} ${text}${/h/i.test(text) ? `\n${name}` : ''}`
}

function compileCron(input: unknown, context: CronContext, field: string): Cron {
  const text = readCronText(input, context.name, field)
  const fields = expandCronText(text)
  const restricted = [text.fields[3]!, text.fields[5]!].every((items) => !isUnrestricted(items))
  const days = new CronDays(fields, context.dayMatch === 'or' && restricted ? 'either' : 'both')
  if (days.isEmpty) {
    const message = `${field}: ${showValue(input)} cannot be used; no such date exists; allowed: dates that come`
    throw new EverybeatError('ERR_EVERYBEAT_CRON', message, { field, value: input })
  }
  const pattern = new WallPattern(days, new TimesOfDay(fields.hours, fields.minutes, fields.seconds))
  const rules: DstRules = text.intervalLike ? REAL_TIME_RULES : { gap: context.dstGap, overlap: context.dstOverlap }
  const occurrences = new WallOccurrences(pattern, context.zone, rules)
  const { normalized, hasSeconds } = text
  return {
    normalized,
    hasSeconds,
    fields,
    rule: { times: pattern, rules, followsRealTime: text.intervalLike },
    namesDay: (day) => days.has(day),
    next: (afterMs) => occurrences.next(afterMs),
    previous: (beforeMs) => occurrences.previous(beforeMs),
  }
}
