import { EverybeatError, showValue } from '../../errors.js'
import { parseDuration, type DefinitionInput, type Duration, type Instant } from '../../index.js'
import type { Definition } from '../../schedule/definition.js'
import { parseDefinition } from '../../schedule/parse-definition.js'
import { readInstant } from '../fleet/fleet-options.js'
import { checkDistribution, type Distribution } from './distribution.js'

/** The behaviour of the runs of one task. */
export interface SimulatedTask {
  /** Duration of each run, ms. */
  readonly durationMs?: number | undefined
  /** The distribution of the durations, instead of `durationMs`. */
  readonly distribution?: Distribution | undefined
  /** The share of attempts that fail, from 0 to 1; default 0. */
  readonly failureRate?: number | undefined
}

/** A loss of workers, or an outage of Redis, for a time. */
export interface SimulatedFailure {
  /** Begin of the failure. */
  readonly at: Instant
  /** Number of workers that end as by SIGKILL. */
  readonly kill?: number | undefined
  /** `true`: Redis is unreachable, so nothing can be claimed. */
  readonly outage?: boolean | undefined
  /** Duration of the failure. */
  readonly for: Duration
}

/** Options of {@link simulate}. */
export interface SimulateOptions {
  /** The schedules: definitions with a `name`, or an object of definitions by name. */
  readonly definitions: readonly (DefinitionInput & { name: string })[] | Readonly<Record<string, DefinitionInput>>
  /** Tasks by name; the runs of any other task take a second and do not fail. */
  readonly tasks?: Readonly<Record<string, SimulatedTask>> | undefined
  /** Number of workers of the fleet. */
  readonly workers: number
  /** Most runs at the same time on each worker; default 50. */
  readonly concurrency?: number | undefined
  /** Begin of the simulated time. */
  readonly from: Instant
  /** End of the simulated time. */
  readonly to: Instant
  /** Outages and lost workers; none by default. */
  readonly failures?: readonly SimulatedFailure[] | undefined
  /** The same seed gives the same result; default 1. */
  readonly seed?: number | undefined
}

/** A checked {@link SimulatedFailure}. */
export interface Failure {
  readonly fromMs: number
  readonly toMs: number
  /** Number of lost workers; all workers for an outage of Redis. */
  readonly workers: number
  readonly isOutage: boolean
}

/** Checked {@link SimulateOptions}. */
export interface Simulation {
  readonly definitions: readonly Definition[]
  readonly tasks: ReadonlyMap<string, SimulatedTask>
  readonly workers: number
  readonly concurrency: number
  readonly fromMs: number
  readonly toMs: number
  readonly failures: readonly Failure[]
  readonly seed: number
}

/** Checks the options of a simulation. @throws EverybeatError naming the option, its value and what is allowed */
export function resolveSimulation(options: SimulateOptions): Simulation {
  const { definitions, tasks = {}, workers, concurrency = 50, failures = [], seed = 1 } = options
  const fromMs = readInstant(options.from, 'from')
  const toMs = readInstant(options.to, 'to')
  if (toMs <= fromMs) throw refuse('to', options.to, `after from, which is ${new Date(fromMs).toISOString()}`)
  checkCount('workers', workers, 100_000)
  checkCount('concurrency', concurrency, 10_000)
  if (!Number.isSafeInteger(seed)) throw refuse('seed', seed, 'a whole number')
  const named = Array.isArray(definitions)
    ? (definitions as readonly (DefinitionInput & { name: string })[]).map((each) => [each.name, each] as const)
    : Object.entries(definitions as Readonly<Record<string, DefinitionInput>>)
  return {
    definitions: named.map(([name, given]) => {
      const { name: _name, ...definition } = given as DefinitionInput & { name?: string }
      return parseDefinition(name, definition)
    }),
    tasks: new Map(Object.entries(tasks).map(([name, task]) => [name, checkTask(name, task)])),
    workers,
    concurrency,
    fromMs,
    toMs,
    failures: failures.map((failure, index) => readFailure(failure, `failures[${index}]`, workers)),
    seed,
  }
}

function checkCount(field: string, value: number, most: number): void {
  if (!(Number.isInteger(value) && value >= 1 && value <= most)) {
    throw refuse(field, value, `a whole number from 1 to ${most}`)
  }
}

function checkTask(name: string, task: SimulatedTask): SimulatedTask {
  const { durationMs = 0, distribution, failureRate = 0 } = task
  if (!(durationMs >= 0)) throw refuse(`tasks.${name}.durationMs`, durationMs, 'a number of ms from 0 up')
  if (!(failureRate >= 0 && failureRate <= 1)) throw refuse(`tasks.${name}.failureRate`, failureRate, 'from 0 to 1')
  if (distribution !== undefined) checkDistribution(`tasks.${name}.distribution`, distribution)
  return task
}

function readFailure(failure: SimulatedFailure, field: string, workers: number): Failure {
  const { kill, outage = false } = failure
  if ((kill === undefined) === !outage) throw refuse(field, failure, 'with either kill or outage')
  if (kill !== undefined) checkCount(`${field}.kill`, kill, workers)
  const fromMs = readInstant(failure.at, `${field}.at`)
  const toMs = fromMs + parseDuration(failure.for, `${field}.for`)
  return { fromMs, toMs, workers: kill ?? 0, isOutage: outage }
}

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  const message = `${field}: ${showValue(value)} cannot be used; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value })
}
