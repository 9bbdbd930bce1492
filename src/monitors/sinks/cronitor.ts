import type { MonitorKind, MonitorSink } from '../event.js'
import { slugOf } from '../identity.js'
import { checkBase, checkKey, describeEvent, request } from '../request.js'

/** Options of {@link cronitor}. */
export interface CronitorOptions {
  /** The key of the telemetry API. */
  apiKey: string
  /** The environment in the reports, such as `production`; default: none. */
  env?: string | undefined
  /** Default `https://cronitor.link`. */
  baseUrl?: string | undefined
  /** The key of a schedule's monitor; default: its name, adapted to the allowed characters. */
  slug?: ((schedule: string) => string) | undefined
}

const STATES: Partial<Record<MonitorKind, string>> = {
  start: 'run',
  success: 'complete',
  failure: 'fail',
  missed: 'fail',
  paused: 'fail',
}

/**
 * Reports to Cronitor: `run`, `complete`, `fail`, paired by `series`, the id of the run. `missed` and `paused` are a
 * `fail`; `late` and `recovered` are not sent.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function cronitor(options: CronitorOptions): MonitorSink {
  const key = checkKey(options.apiKey, 'apiKey')
  const base = checkBase(options.baseUrl ?? 'https://cronitor.link', 'baseUrl')
  const { env, slug = slugOf } = options
  return {
    name: 'cronitor',
    async send(event, signal) {
      const state = STATES[event.kind]
      if (state === undefined) return
      const url = new URL(`${base}/p/${encodeURIComponent(key)}/${encodeURIComponent(slug(event.schedule))}`)
      url.searchParams.set('state', state)
      url.searchParams.set('series', event.runId)
      if (env !== undefined) url.searchParams.set('env', env)
      if (state === 'fail') url.searchParams.set('message', describeEvent(event))
      if (event.durationMs !== undefined) url.searchParams.set('metric', `duration:${event.durationMs / 1000}`)
      await request(url, signal, { method: 'GET' })
    },
  }
}
