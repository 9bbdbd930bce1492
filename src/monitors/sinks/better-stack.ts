import type { MonitorSink } from '../event.js'
import { checkBase, checkKey, describeEvent, request } from '../request.js'

/** Options of {@link betterStack}. */
export interface BetterStackOptions {
  /** The token of a heartbeat, which belongs to one schedule, so `match` has to name one schedule. */
  token: string
  /** Default `https://uptime.betterstack.com/api/v1/heartbeat`. */
  baseUrl?: string | undefined
}

/**
 * Reports to a heartbeat of Better Stack: a call after success, `/fail` or the exit status of a command after a failure.
 * `missed` and `paused` are a `/fail`; `start`, `late` and `recovered` are not sent.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function betterStack(options: BetterStackOptions): MonitorSink {
  const token = checkKey(options.token, 'token')
  const base = checkBase(options.baseUrl ?? 'https://uptime.betterstack.com/api/v1/heartbeat', 'baseUrl')
  const url = `${base}/${encodeURIComponent(token)}`
  return {
    name: 'betterStack',
    async send(event, signal) {
      const { kind, exitStatus } = event
      if (kind === 'success') return void (await request(new URL(url), signal))
      if (kind !== 'failure' && kind !== 'missed' && kind !== 'paused') return
      await request(new URL(`${url}/${exitStatus ?? 'fail'}`), signal, { body: describeEvent(event) })
    },
  }
}
