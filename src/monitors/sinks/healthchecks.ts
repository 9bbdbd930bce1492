import { EverybeatError } from '../../index.js'
import type { MonitorEvent, MonitorSink } from '../event.js'
import { slugOf, uuidOf } from '../identity.js'
import { checkBase, checkKey, describeEvent, RefusedError, request } from '../request.js'

/** Options of {@link healthchecks}: `pingKey`, or `url`. */
export interface HealthchecksOptions {
  /** The ping key of a project: each schedule is the check of its slug, which is created if it does not exist. */
  pingKey?: string | undefined
  /** The URL of one check, for one schedule. */
  url?: string | undefined
  /** Base URL of pings with a `pingKey`; default `https://hc-ping.com`. */
  baseUrl?: string | undefined
  /** The slug of a schedule; default: its name, adapted to the allowed characters. */
  slug?: ((schedule: string) => string) | undefined
}

/**
 * Reports to Healthchecks, hosted or self-hosted: `/start`, success, `/fail` or the exit status of a command, paired by
 * `rid`. `missed` and `paused` are a `/fail`, `late` is a `/log`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function healthchecks(options: HealthchecksOptions): MonitorSink {
  const { pingKey, url, slug = slugOf } = options
  if ((pingKey === undefined) === (url === undefined)) {
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', 'healthchecks: allowed: pingKey or url, one of them')
  }
  const base =
    url === undefined ? checkBase(options.baseUrl ?? 'https://hc-ping.com', 'baseUrl') : checkBase(url, 'url')
  const key = pingKey === undefined ? null : checkKey(pingKey, 'pingKey')
  return {
    name: 'healthchecks',
    async send(event, signal) {
      const ending = endingOf(event)
      if (ending === null) return
      const check =
        key === null ? base : `${base}/${encodeURIComponent(key)}/${encodeURIComponent(slug(event.schedule))}`
      const target = new URL(check + ending)
      target.searchParams.set('rid', uuidOf(event.runId))
      if (key !== null) target.searchParams.set('create', '1')
      const answer = await request(target, signal, { body: describeEvent(event) })
      // The service answers also an unknown check, and a rate limit, with 200.
      if (/not found|rate limited/i.test(answer)) {
        throw new RefusedError(`${target.origin} answered ${JSON.stringify(answer.slice(0, 100))}`, true)
      }
    },
  }
}

function endingOf({ kind, exitStatus }: MonitorEvent): string | null {
  switch (kind) {
    case 'start':
      return '/start'
    case 'success':
      return ''
    case 'failure':
      return exitStatus === undefined ? '/fail' : `/${exitStatus}`
    case 'missed':
    case 'paused':
      return '/fail'
    case 'late':
      return '/log'
    case 'recovered':
      return null
  }
}
