import type { Backoff, BackoffInput, Duration } from '../schedule/definition.js'
import { checkInteger, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import { parseBackoff, parseRetries, parseTimeout } from '../schedule/policy-values.js'

/**
 * What a Standard Schema validator (Zod, Valibot, ArkType, …) says about a value: the `value` that it makes of it, or the
 * `issues` that it finds. See https://standardschema.dev, version 1.
 */
export type StandardSchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardSchemaIssue[] }

/** One thing that a validator finds wrong. */
export interface StandardSchemaIssue {
  /** What is wrong, for people. */
  readonly message: string
  /** Where in the value: each key, or an object with the `key`, from the outside to the inside. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Any Standard Schema validator, by its shape. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /**
   * What the specification asks of a validator: its `version` (1), the `vendor` who made it, `validate`, and for the compiler
   * `types`, with the types before (`input`) and after (`output`) its check.
   */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** What `beat.task(name, options, handler)` takes. A field that is `undefined` means its default. */
export interface TaskOptions<Input = unknown, Output = Input> {
  /** Checks payloads, when a schedule is written and when it fires; default: anything goes. */
  schema?: StandardSchema<Input, Output> | undefined
  /** Runs of this task at the same time on this worker; default: the worker's `concurrency`. */
  concurrency?: number | undefined
  /**
   * Runs of this task at the same time in the whole fleet; default: no bound. With several shards each of them takes an
   * equal part of it: never exceeded, but not always used up; at least as large as the number of shards.
   */
  maxConcurrent?: number | undefined
  /** For schedules that do not say: abort a run after this; default: never. */
  timeout?: Duration | undefined
  /** For schedules that do not say: more attempts after a failure; default 0. */
  retries?: number | undefined
  /** For schedules that do not say: the wait before the next attempt; default: exponential, 1 s to 1 min. */
  backoff?: BackoffInput | undefined
}

/** Checked {@link TaskOptions}: complete and frozen, null for what was not given. */
export interface ResolvedTaskOptions {
  readonly schema: StandardSchema | null
  readonly concurrency: number | null
  readonly maxConcurrent: number | null
  readonly timeoutMs: number | null
  readonly retries: number | null
  readonly backoff: Backoff | null
}

const CODE = 'ERR_EVERYBEAT_OPTIONS'
const NAMES = ['schema', 'concurrency', 'maxConcurrent', 'timeout', 'retries', 'backoff'] as const

/**
 * Checks the options of a task.
 *
 * @param shards of the fleet: each takes a part of a fleet-wide limit, so the limit has to be as large
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`, or `ERR_EVERYBEAT_DURATION` for a duration, naming option and value
 */
export function resolveTaskOptions(options: TaskOptions = {}, shards = 1): ResolvedTaskOptions {
  if (!isPlainObject(options)) throw wrongValue('options', options, 'an object', CODE)
  checkKeys(options, NAMES, null, CODE)
  const { schema, concurrency, maxConcurrent, timeout, retries, backoff } = options as TaskOptions
  return Object.freeze({
    schema: schema === undefined ? null : checkSchema(schema),
    concurrency: concurrency === undefined ? null : checkInteger(concurrency, 'concurrency', [1, 10_000], CODE),
    maxConcurrent:
      maxConcurrent === undefined ? null : checkInteger(maxConcurrent, 'maxConcurrent', [shards, 10_000], CODE),
    timeoutMs: timeout === undefined ? null : parseTimeout(timeout),
    retries: retries === undefined ? null : parseRetries(retries, 'retries', CODE),
    backoff: backoff === undefined ? null : parseBackoff(backoff, 'backoff', CODE),
  })
}

function checkSchema(value: unknown): StandardSchema {
  // The schemas of some libraries are functions.
  const holds = (typeof value === 'object' && value !== null) || typeof value === 'function'
  const standard = holds ? (value as Partial<StandardSchema>)['~standard'] : undefined
  if (standard?.version === 1 && typeof standard.validate === 'function') return value as StandardSchema
  throw wrongValue('schema', value, 'a Standard Schema validator (Zod, Valibot, ArkType, …)', CODE)
}
