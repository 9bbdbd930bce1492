import type { TaskDefinition, TaskOptions } from '../index.js'
import { applyDecorators, Inject, SetMetadata } from './nest.js'
import { EVERYBEAT } from './options.js'

/** The key under which `@Task` stores its arguments on the method. */
export const TASK_KEY = 'everybeat:task'
/** The key under which `@Schedule` stores its arguments on the method: a list, because a method may have several. */
export const SCHEDULES_KEY = 'everybeat:schedules'
/** The key under which `@Cron` and `@Interval` of this package store their arguments, in the form of `@nestjs/schedule`. */
export const JOB_KEY = 'everybeat:job'

/** A definition without its task: the decorated method is the task. */
export type ScheduledDefinition = TaskDefinition

/** What `@Schedule` leaves. */
export interface NamedSchedule {
  readonly name: string
  readonly definition: ScheduledDefinition
}

/** What `@Task` leaves. */
export interface NamedTask {
  readonly name: string | undefined
  readonly options: TaskOptions
}

/** Options of `@Cron`, those of `@nestjs/schedule`. */
export interface CronOptions {
  /** Name of the schedule and of its task; default: `Class.method`. */
  name?: string
  /** IANA zone; default: the zone of the process, as in `@nestjs/schedule`. */
  timeZone?: string
  /** Minutes east of UTC, whole hours only; in place of `timeZone`. */
  utcOffset?: number
  /** Skips an occurrence while the previous run is running, anywhere in the fleet; default: both run. */
  waitForCompletion?: boolean
  /** Lateness beyond which an occurrence is skipped, ms; default: the misfire policy of the instance. */
  threshold?: number
  /** Declares the schedule and does not run it. */
  disabled?: boolean
}

/** What `@Cron`, `@Interval` or `@Timeout` asks for, of this package or of `@nestjs/schedule`. */
export type Job =
  | { readonly kind: 'cron'; readonly cronTime: unknown; readonly options: CronOptions & { initialDelay?: number } }
  | { readonly kind: 'interval' | 'timeout'; readonly ms: number; readonly name: string | undefined }

/**
 * Makes a method the handler of a task: it is called with the run. Providers and controllers may have such methods; of a
 * request-scoped one a fresh instance is made for each run.
 *
 * @param name of the task; default: `Class.method`
 */
export function Task(name?: string, options: TaskOptions = {}): MethodDecorator {
  return SetMetadata(TASK_KEY, { name, options } satisfies NamedTask)
}

/**
 * Declares a schedule whose task is the decorated method. A method may have several. With `@Task` on the same method the
 * task has that name, otherwise `Class.method`. Declared as `TaskHandle.schedule` does it: at each start of the
 * application, and a live edit stays until the code changes that field.
 */
export function Schedule(name: string, definition: ScheduledDefinition): MethodDecorator {
  return (target, key, descriptor) => {
    const method = descriptor.value as object
    const before = (Reflect as MetadataReader).getMetadata(SCHEDULES_KEY, method) as NamedSchedule[] | undefined
    SetMetadata(SCHEDULES_KEY, [{ name, definition }, ...(before ?? [])])(target, key, descriptor)
  }
}

/** Injects the `Everybeat` instance of the module. */
export function InjectEverybeat(): ParameterDecorator & PropertyDecorator {
  return Inject(EVERYBEAT)
}

/**
 * `@Cron` of `@nestjs/schedule`, fleet-wide: one process runs each occurrence. The method is called without parameters.
 *
 * @param cronTime a cron expression of five or six fields, or a Date for one run
 */
export function Cron(cronTime: string | Date, options: CronOptions = {}): MethodDecorator {
  return SetMetadata(JOB_KEY, { kind: 'cron', cronTime, options } satisfies Job)
}

/** `@Interval` of `@nestjs/schedule`, fleet-wide; the interval in milliseconds, from 100. */
export function Interval(timeout: number): MethodDecorator
export function Interval(name: string, timeout: number): MethodDecorator
export function Interval(nameOrTimeout: string | number, timeout = 0): MethodDecorator {
  const [name, ms] = typeof nameOrTimeout === 'string' ? [nameOrTimeout, timeout] : [undefined, nameOrTimeout]
  return applyDecorators(SetMetadata(JOB_KEY, { kind: 'interval', ms, name } satisfies Job))
}

/** What `reflect-metadata`, which Nest loads, adds to `Reflect`. */
interface MetadataReader {
  getMetadata(key: string, target: object): unknown
}

/** Reads the arguments that a decorator stored on a method. */
export function readMetadata<Value>(key: string, method: unknown): Value | undefined {
  if (typeof method !== 'function') return undefined
  return (Reflect as unknown as MetadataReader).getMetadata(key, method) as Value | undefined
}
