import { EverybeatError, parseDuration } from '../../index.js'
import type { MonitorEvent, MonitorSchedule, MonitorSink } from '../event.js'
import { slugOf, uuidOf } from '../identity.js'
import { request } from '../request.js'

/** Options of {@link sentryCrons}. */
export interface SentryCronsOptions {
  /** The DSN of a project. It names the host. */
  dsn: string
  /** The environment in the reports; default `production`. */
  environment?: string | undefined
  /** Base URL of check-ins; default: the host of the DSN. */
  baseUrl?: string | undefined
  /** The slug of a schedule's monitor; default: its name, adapted to the allowed characters. */
  slug?: ((schedule: string) => string) | undefined
}

const STATUSES = { start: 'in_progress', success: 'ok', failure: 'error', missed: 'error' } as const
const MINUTE_MS = 60_000
const UNITS = [
  ['day', 1_440],
  ['hour', 60],
  ['minute', 1],
] as const

/**
 * Reports check-ins to Sentry, each with the schedule, its margin, its longest run and its zone: they create and update
 * the monitor. `late`, `paused` and `recovered` are not sent.
 *
 * For a schedule that runs more than once a minute, one run a minute and each failure are reported.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function sentryCrons(options: SentryCronsOptions): MonitorSink {
  return new SentryCrons(options)
}

class SentryCrons implements MonitorSink {
  readonly name = 'sentryCrons'
  readonly #options: SentryCronsOptions
  /** The URL of a slug. */
  readonly #urlOf: (slug: string) => URL
  /** The last reported run of each schedule, and its instant. */
  readonly #reported = new Map<string, { runId: string; at: number }>()

  constructor(options: SentryCronsOptions) {
    this.#options = options
    this.#urlOf = readDsn(options)
  }

  async send(event: MonitorEvent, signal: AbortSignal): Promise<void> {
    const { kind, schedule, runId, durationMs, definition } = event
    if (!(kind in STATUSES) || !this.#isTold(event)) return
    const config = definition === undefined ? undefined : describeMonitor(definition)
    const body = JSON.stringify({
      status: STATUSES[kind as keyof typeof STATUSES],
      check_in_id: uuidOf(runId).replaceAll('-', ''),
      environment: this.#options.environment ?? 'production',
      ...(durationMs === undefined ? {} : { duration: durationMs / 1000 }),
      ...(config === undefined ? {} : { monitor_config: config }),
    })
    const url = this.#urlOf((this.#options.slug ?? slugOf)(schedule))
    await request(url, signal, { body, headers: { 'content-type': 'application/json' } })
  }

  #isTold({ kind, schedule, runId, scheduledAt }: MonitorEvent): boolean {
    if (kind === 'failure' || kind === 'missed') return true
    const last = this.#reported.get(schedule)
    if (last?.runId === runId) return true
    if (last !== undefined && Math.abs(scheduledAt - last.at) < MINUTE_MS) return false
    this.#reported.delete(schedule)
    this.#reported.set(schedule, { runId, at: scheduledAt })
    if (this.#reported.size > 10_000) this.#reported.delete(this.#reported.keys().next().value!)
    return true
  }
}

function readDsn({ dsn, baseUrl }: SentryCronsOptions): (slug: string) => URL {
  if (typeof dsn === 'string' && URL.canParse(dsn)) {
    const { protocol, host, username, pathname } = new URL(dsn)
    const [, path = '', project = ''] = /^(.*)\/(\d+)$/.exec(pathname) ?? []
    if (/^https?:$/.test(protocol) && username !== '' && project !== '') {
      const base = baseUrl?.replace(/\/+$/, '') ?? `${protocol}//${host}${path}`
      if (URL.canParse(base)) return (slug) => new URL(`${base}/api/${project}/cron/${slug}/${username}/`)
    }
  }
  const message = 'dsn: allowed: the DSN of a project, https://<key>@<host>/<project>'
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'dsn' })
}

function describeMonitor(definition: MonitorSchedule): object | undefined {
  const { cron, every, tz, misfireGrace, timeout } = definition
  const schedule = describeTrigger(cron, every)
  if (schedule === undefined) return undefined
  return {
    schedule,
    checkin_margin: misfireGrace === undefined ? 1 : toMinutes(misfireGrace),
    ...(timeout === undefined ? {} : { max_runtime: toMinutes(timeout) }),
    timezone: tz ?? 'UTC',
  }
}

/**
 * The config of a monitor. Sentry accepts crons of five fields and intervals of whole minutes; other schedules are
 * reported without a config.
 */
function describeTrigger(cron: string | undefined, every: MonitorSchedule['every']): object | undefined {
  if (cron !== undefined) {
    const value = cron.trim()
    return value.split(/\s+/).length === 5 && !/[HLW#?]/.test(value.replace(/[A-Z]{3}/gi, '')) // names are known there
      ? { type: 'crontab', value }
      : undefined
  }
  if (every === undefined) return undefined
  const minutes = toMinutes(every)
  const [unit, size] = UNITS.find((known) => minutes % known[1] === 0)!
  return { type: 'interval', value: minutes / size, unit }
}

function toMinutes(duration: NonNullable<MonitorSchedule['every']>): number {
  return Math.max(1, Math.ceil(parseDuration(duration, 'duration') / MINUTE_MS))
}
