import { EverybeatError, showValue } from '../errors.js'
import { createTrigger } from '../time/create-trigger.js'
import { parseDuration } from '../time/duration.js'
import type { Definition, DefinitionInput } from './definition.js'
import { checkBoolean, checkChoice, checkInteger, isPlainObject, wrongValue } from './field-values.js'
import { FIELD_NAMES, isFieldName, nearestField } from './fields.js'
import { checkName } from './name.js'
import { copyPayload } from './payload.js'
import { parseBackoff, parseNote, parseRetries, parseTags, parseTimeout } from './policy-values.js'

/** The defaults of the fields of a definition. `task` defaults to the schedule's name. */
export const DEFINITION_DEFAULTS = Object.freeze({
  tz: 'UTC',
  payload: null,
  enabled: true,
  misfire: 'latest',
  catchUpWindow: '24h',
  maxCatchUp: 100,
  overlap: 'skip',
  onCrash: 'skip',
  maxDeliveries: 3,
  retries: 0,
  backoff: Object.freeze({ type: 'exponential', delay: '1s', max: '1m' }),
  jitter: 0,
  pool: 'default',
  tags: Object.freeze([]) as readonly string[],
} as const)

/**
 * Checks a definition and completes it. A field that cannot be honoured is refused, never guessed.
 *
 * @param name the schedule's name
 * @param input the definition; a field that is `undefined` counts as absent
 * @param defaults fields for those that the input does not set; they become part of `given`, so that the stored
 *   definition means the same to every reader
 * @returns the complete definition, deep-frozen except for its trigger
 * @throws EverybeatError with the field and the value: `ERR_EVERYBEAT_NAME`, `ERR_EVERYBEAT_DEFINITION`,
 *   `ERR_EVERYBEAT_DURATION`, `ERR_EVERYBEAT_PAYLOAD`, and from the trigger `ERR_EVERYBEAT_CRON`, `ERR_EVERYBEAT_ZONE`,
 *   `ERR_EVERYBEAT_INSTANT`, `ERR_EVERYBEAT_TRIGGER`
 */
export function parseDefinition(name: string, input: unknown, defaults: Partial<DefinitionInput> = {}): Definition {
  checkName('schedule', name, 'name')
  const given = freezeGiven({ ...readFields(defaults), ...readFields(input) })
  const full = { ...DEFINITION_DEFAULTS, ...given }
  return Object.freeze({
    name,
    task: checkName('task', full.task ?? name),
    limit: optional(full.limit, (value) => checkInteger(value, 'limit', [1, Number.MAX_SAFE_INTEGER])),
    payload: full.payload,
    enabled: checkBoolean(full.enabled, 'enabled'),
    misfire: checkChoice(full.misfire, 'misfire', ['skip', 'latest', 'all']),
    misfireGraceMs: optional(given.misfireGrace, (value) => parseDuration(value, 'misfireGrace')),
    catchUpWindowMs: parseDuration(full.catchUpWindow, 'catchUpWindow'),
    maxCatchUp: checkInteger(full.maxCatchUp, 'maxCatchUp', [1, 10_000]),
    overlap: checkChoice(full.overlap, 'overlap', ['skip', 'queue', 'replace', 'allow']),
    maxConcurrent: optional(full.maxConcurrent, (value) => checkInteger(value, 'maxConcurrent', [1, 10_000])),
    onCrash: checkChoice(full.onCrash, 'onCrash', ['skip', 'rerun']),
    maxDeliveries: checkInteger(full.maxDeliveries, 'maxDeliveries', [1, 1000]),
    timeoutMs: optional(given.timeout, (value) => parseTimeout(value)),
    retries: optional(given.retries, (value) => parseRetries(value)),
    backoff: optional(given.backoff, (value) => parseBackoff(value)),
    jitterMs: parseDuration(full.jitter, 'jitter'),
    pauseAfter: optional(full.pauseAfter, (value) => checkInteger(value, 'pauseAfter', [1, 1_000_000])),
    pool: checkName('pool', full.pool),
    tags: parseTags(full.tags),
    note: optional(full.note, parseNote),
    owner: optional(full.owner, (value) => checkName('owner', value)),
    removeAfterMs: optional(full.removeAfter, (value) => parseDuration(value, 'removeAfter')),
    trigger: createTrigger(given, name),
    given,
  })
}

/** The fields that are set; unknown fields, and null where it has no meaning, are refused. */
function readFields(input: unknown): DefinitionInput {
  if (!isPlainObject(input)) throw wrongValue('definition', input, 'an object such as { cron: "0 9 * * *" }')
  for (const [field, value] of Object.entries(input)) {
    if (!isFieldName(field)) throw unknownField(field, value)
    if (value === null && field !== 'payload') throw wrongValue(field, value, 'a value; leave the field out for none')
  }
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

function unknownField(field: string, value: unknown): EverybeatError {
  const nearest = nearestField(field)
  const hint = nearest === null ? `allowed: ${FIELD_NAMES.join(', ')}` : `did you mean ${nearest}?`
  const message = `${showValue(field)} (${showValue(value)}) is not a field of a definition; ${hint}`
  return new EverybeatError('ERR_EVERYBEAT_DEFINITION', message, { field, value })
}

/** The fields in the form in which they are kept: in a fixed order and frozen. */
function freezeGiven(fields: DefinitionInput): Readonly<DefinitionInput> {
  const set = FIELD_NAMES.filter((field) => Object.hasOwn(fields, field))
  return Object.freeze(Object.fromEntries(set.map((field) => [field, freezeField(field, fields[field])])))
}

function freezeField(field: keyof DefinitionInput, value: unknown): unknown {
  if (field === 'payload') return copyPayload(value, field)
  // A Date can be changed even when it is frozen.
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  if (Array.isArray(value)) return Object.freeze([...(value as unknown[])])
  if (!isPlainObject(value)) return value
  return Object.freeze(Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)))
}

function optional<Value>(value: unknown, parse: (value: unknown) => Value): Value | null {
  return value === undefined ? null : parse(value)
}
