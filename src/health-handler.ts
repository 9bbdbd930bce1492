import type { Health } from './worker/health.js'

/** What {@link createHealthHandler} asks: an instance. */
export interface HealthSubject {
  /** What `beat.health()` says. */
  health(): Health
}

/**
 * Makes a fetch handler for probes. `/livez` answers 200 as long as this process answers at all, so that an outage of
 * Redis restarts no worker. `/readyz` answers 200 while the worker does its work, and 503 before the start, without Redis,
 * while the server evicts keys, and after the stop. The body is `beat.health()` as JSON. The paths may have anything before them; other paths get 404,
 * other methods than GET and HEAD 405. Asks Redis nothing.
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
