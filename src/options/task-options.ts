import type { Backoff, BackoffInput, Duration } from '../schedule/definition.js'
import { checkInteger, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import { parseBackoff, parseRetries, parseTimeout } from '../schedule/policy-values.js'

/**
 * The result of a Standard Schema validator (Zod, Valibot, ArkType, …) for a value: its output `value`, or the `issues`
 * that it finds. See https://standardschema.dev, version 1.
 */
export type StandardSchemaResult<Output> =
  { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly StandardSchemaIssue[] }

/** One problem that a validator finds. */
export interface StandardSchemaIssue {
  /** The problem, for people. */
  readonly message: string
  /** The path to the problem: each key, or an object with the `key`, from the outside to the inside. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** Any Standard Schema validator, by its shape. */
export interface StandardSchema<Input = unknown, Output = Input> {
  /**
   * The members that the specification requires: the `version` (1), the name of the `vendor`, `validate`, and for the
   * compiler `types`, with the types before (`input`) and after (`output`) the check.
   */
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

/** The options of `beat.task(name, options, handler)`. A field that is `undefined` means its default. */
export interface TaskOptions<Input = unknown, Output = Input> {
  /** Checks payloads, when a schedule is written and when it fires; default: no check. */
  schema?: StandardSchema<Input, Output> | undefined
  /** Most runs of this task at the same time on this worker; default: the worker's `concurrency`. */
  concurrency?: number | undefined
  /**
   * Most runs of this task at the same time in the whole fleet; default: no bound. With several shards each has an
   * equal part of it, so the bound must be at least the number of shards; it is never exceeded, but not always reached.
   */
  maxConcurrent?: number | undefined
  /** Time after which a run is aborted, for schedules without `timeout`; default: never. */
  timeout?: Duration | undefined
  /** More attempts after a failure, for schedules without `retries`; default 0. */
  retries?: number | undefined
  /** The wait before the next attempt, for schedules without `backoff`; default: exponential, 1 s to 1 min. */
  backoff?: BackoffInput | undefined
}

/** Checked {@link TaskOptions}: complete and frozen, null for an absent option. */
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
 * @param shards number of shards of the fleet; a fleet-wide limit must be at least as large
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
