import { EverybeatError } from '../../index.js'
import { signRequest } from '../../webhook/index.js'
import type { MonitorSink } from '../event.js'
import { checkBase, request } from '../request.js'

/** Options of {@link webhook}. */
export interface WebhookSinkOptions {
  /** The URL to which every event is sent by `POST`. */
  url: string
  /** Signs requests by Standard Webhooks; needs the package `standardwebhooks`. Default: not signed. */
  secret?: string | undefined
  /** More headers, an `authorization` for example. */
  headers?: Readonly<Record<string, string>> | undefined
}

/**
 * Sends every event as `{ type: 'everybeat.<kind>', timestamp, data }`. `webhook-id` is the same for each try of an event.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function webhook({ url, secret, headers }: WebhookSinkOptions): MonitorSink {
  const target = new URL(checkBase(url, 'url'))
  if (target.username !== '' || target.password !== '') {
    const message = 'url: allowed: a URL without a user name and password; put those into headers'
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'url' })
  }
  return {
    name: 'webhook',
    async send(event, signal) {
      const timestamp = new Date(event.scheduledAt).toISOString()
      const body = JSON.stringify({ type: `everybeat.${event.kind}`, timestamp, data: event })
      const id = encodeURIComponent(`${event.runId}:${event.kind}`)
      const signature = secret === undefined ? {} : await signRequest(secret, { id, at: new Date(), body })
      const sent = { ...headers, 'content-type': 'application/json', 'webhook-id': id, ...signature }
      await request(target, signal, { body, headers: sent })
    },
  }
}
