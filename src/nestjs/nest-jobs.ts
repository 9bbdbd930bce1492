import { EverybeatError } from '../index.js'
import { JOB_KEY, readMetadata, type CronOptions, type Job, type ScheduledDefinition } from './decorators.js'

/** The keys and kinds under which the decorators of `@nestjs/schedule` 4 to 12 store their arguments. */
const NEST_KEYS = {
  type: 'SCHEDULER_TYPE',
  name: 'SCHEDULER_NAME',
  cron: 'SCHEDULE_CRON_OPTIONS',
  interval: 'SCHEDULE_INTERVAL_OPTIONS',
  timeout: 'SCHEDULE_TIMEOUT_OPTIONS',
}
const NEST_KINDS = [undefined, 'cron', 'timeout', 'interval'] as const

/** The job of a method by the decorators of this package, with `withNest` also by those of `@nestjs/schedule`; null for none. */
export function readJob(method: unknown, withNest: boolean): Job | null {
  const own = readMetadata<Job>(JOB_KEY, method)
  if (own) return own
  const kind = withNest ? NEST_KINDS[readMetadata<number>(NEST_KEYS.type, method) ?? 0] : undefined
  if (kind === undefined) return null
  if (kind === 'cron') {
    const { cronTime, ...options } = readMetadata<CronOptions & { cronTime: unknown }>(NEST_KEYS.cron, method) ?? {
      cronTime: undefined,
    }
    return { kind, cronTime, options }
  }
  const ms = readMetadata<{ timeout: number }>(NEST_KEYS[kind], method)?.timeout ?? Number.NaN
  return { kind, ms, name: readMetadata<string>(NEST_KEYS.name, method) }
}

/** The name that a job has, or null when the decorator gave it none. */
export function jobName(job: Job): string | null {
  return (job.kind === 'cron' ? job.options.name : job.name) ?? null
}

/**
 * The definition with which a fleet runs a job of `@nestjs/schedule`, as one process would.
 *
 * @param localZone the IANA zone of this process, which the `cron` library uses if the decorator names none
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an offset that no zone of whole hours has, or no cron at all
 */
export function toDefinition(job: Job, where: string, localZone: string): ScheduledDefinition {
  // Like `setInterval`, which does not wait for its function.
  if (job.kind !== 'cron') return { every: job.ms, overlap: 'allow' }
  const { timeZone, utcOffset, waitForCompletion, threshold, disabled } = job.options
  return {
    ...toTrigger(job.cronTime, where),
    tz: timeZone ?? (utcOffset === undefined ? localZone : zoneOfOffset(utcOffset, where)),
    overlap: waitForCompletion === true ? 'skip' : 'allow',
    ...(threshold === undefined ? {} : { misfire: 'skip', misfireGrace: threshold }),
    ...(disabled === true ? { enabled: false } : {}),
  }
}

function toTrigger(cronTime: unknown, where: string): ScheduledDefinition {
  if (typeof cronTime === 'string') return { cron: cronTime }
  if (cronTime instanceof Date) return { at: cronTime }
  // A DateTime of any copy of Luxon.
  const toDate = (cronTime as { toJSDate?: () => Date } | null | undefined)?.toJSDate
  if (typeof toDate === 'function') return { at: toDate.call(cronTime) }
  throw refuse(where, 'cronTime', cronTime, 'a cron expression, a Date or a DateTime of Luxon')
}

/** The zones `Etc/GMT±h` count west of Greenwich. */
function zoneOfOffset(minutes: number, where: string): string {
  const hours = minutes / 60
  if (Number.isInteger(hours) && hours >= -12 && hours <= 14) {
    return hours === 0 ? 'UTC' : `Etc/GMT${hours > 0 ? '-' : '+'}${Math.abs(hours)}`
  }
  throw refuse(where, 'utcOffset', minutes, 'minutes that are whole hours from -720 to 840, or a timeZone in its place')
}

function refuse(where: string, field: string, value: unknown, allowed: string): EverybeatError {
  const message = `${where}: ${field}: ${JSON.stringify(value) ?? String(value)}; allowed: ${allowed}`
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value })
}
