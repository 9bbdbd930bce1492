import type { Health } from './worker/health.js'

/** What {@link createHealthHandler} needs of an instance. */
export interface HealthSubject {
  /** The health, as `beat.health()` gives it. */
  health(): Health
}

/**
 * Makes a fetch handler for probes. `/livez` always answers 200, so that an outage of Redis restarts no worker.
 * `/readyz` answers 200 while the worker can do its work, and 503 before the start, without Redis, while the server
 * evicts keys, and after the stop. The body is `beat.health()` as JSON. Any prefix may precede the two paths. Other
 * paths get 404, and methods other than GET and HEAD get 405. Sends nothing to Redis.
 */
export function createHealthHandler(beat: HealthSubject): (request: Request) => Response {
  return (request) => {
    const probe = /\/(livez|readyz)\/?$/.exec(new URL(request.url).pathname)?.[1]
    if (probe === undefined) return new Response(null, { status: 404 })
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } })
    }
    const health = beat.health()
    const status = probe === 'livez' || health.ok ? 200 : 503
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    return new Response(request.method === 'HEAD' ? null : JSON.stringify(health), { status, headers })
  }
}
