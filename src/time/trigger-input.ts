import { EverybeatError, showValue } from '../errors.js'
import type { DstRules } from './wall-occurrences.js'

/** The fields of a schedule's definition that decide when it fires. */
export interface TriggerInput {
  /** Five fields, or six with seconds first; `@daily` and the like. */
  readonly cron?: unknown
  /** A duration of at least 100 ms. */
  readonly every?: unknown
  /** One instant. */
  readonly at?: unknown
  /** RFC 5545 text with `DTSTART`. */
  readonly rrule?: unknown
  /** `sunrise`, `sunset`, `dawn`, `dusk`, `noon`, with an offset if wanted: `sunset-30m`. */
  readonly solar?: unknown
  /** IANA zone; default `UTC`. */
  readonly tz?: unknown
  /** With `cron` and `rrule`: `first-instant` (default), `shift`, `skip`. */
  readonly dstGap?: unknown
  /** With `cron` and `rrule`: `first` (default), `last`, `both`. */
  readonly dstOverlap?: unknown
  /** With `cron`: `or` (default), `and`. */
  readonly dayMatch?: unknown
  /** With `every`: an instant that the grid goes through; default: the Unix epoch. */
  readonly anchor?: unknown
  /** With `every`: `true` shifts the grid by a hash of the name; default `false`. */
  readonly spread?: unknown
  /** With `solar`: degrees north, -90 to 90. */
  readonly lat?: unknown
  /** With `solar`: degrees east, -180 to 180. */
  readonly lon?: unknown
  /** Dates, date ranges, weekday sets, or a cron; one text or several. */
  readonly exclude?: unknown
  /** One excluded instant. */
  readonly skipNext?: unknown
  /** First instant allowed. */
  readonly start?: unknown
  /** Last instant allowed. */
  readonly end?: unknown
}

/** The kinds of trigger: each is a field of a definition. */
export const TRIGGER_KINDS = ['cron', 'every', 'at', 'rrule', 'solar'] as const
/** The fields that name a trigger. */
export type TriggerKind = (typeof TRIGGER_KINDS)[number]

const OPTION_KINDS: Readonly<Partial<Record<keyof TriggerInput, readonly TriggerKind[]>>> = {
  dstGap: ['cron', 'rrule'],
  dstOverlap: ['cron', 'rrule'],
  dayMatch: ['cron'],
  anchor: ['every'],
  spread: ['every'],
  lat: ['solar'],
  lon: ['solar'],
}

/**
 * Finds the one trigger of a definition.
 * @throws {EverybeatError} `ERR_EVERYBEAT_DEFINITION` for no trigger, more than one, or an option of another kind.
 */
export function readKind(input: TriggerInput): TriggerKind {
  const kinds = TRIGGER_KINDS.filter((kind) => input[kind] !== undefined)
  const [kind] = kinds
  if (kind === undefined || kinds.length > 1) {
    const found = kind === undefined ? 'none' : kinds.join(' and ')
    const message = `trigger: ${found} given; allowed: exactly one of ${TRIGGER_KINDS.join(', ')}`
    throw new EverybeatError('ERR_EVERYBEAT_DEFINITION', message, {
      field: kinds[1] ?? 'cron',
      value: kind && input[kinds[1]!],
    })
  }
  for (const [option, allowed] of Object.entries(OPTION_KINDS) as [keyof TriggerInput, readonly TriggerKind[]][]) {
    if (input[option] === undefined || allowed.includes(kind)) continue
    const message = `${option}: ${showValue(input[option])} cannot be used with ${kind}; allowed: with ${allowed.join(' or ')}`
    throw new EverybeatError('ERR_EVERYBEAT_DEFINITION', message, { field: option, value: input[option] })
  }
  return kind
}

/** The default of every choice, which the canonical text omits. */
export const DEFAULT_CHOICES = { dstGap: 'first-instant', dstOverlap: 'first', dayMatch: 'or' } as const

/** Reads the choices about clock changes and days. */
export function readChoices(input: TriggerInput) {
  return {
    dstGap: readChoice<DstRules['gap']>(input, 'dstGap', ['first-instant', 'shift', 'skip']),
    dstOverlap: readChoice<DstRules['overlap']>(input, 'dstOverlap', ['first', 'last', 'both']),
    dayMatch: readChoice<'or' | 'and'>(input, 'dayMatch', ['or', 'and']),
  }
}

function readChoice<Choice extends string>(
  input: TriggerInput,
  field: keyof typeof DEFAULT_CHOICES,
  allowed: readonly Choice[],
): Choice {
  const value = input[field] === undefined ? DEFAULT_CHOICES[field] : input[field]
  if ((allowed as readonly unknown[]).includes(value)) return value as Choice
  const message = `${field}: ${showValue(value)} cannot be used; allowed: ${allowed.join(', ')}`
  throw new EverybeatError('ERR_EVERYBEAT_DEFINITION', message, { field, value })
}
