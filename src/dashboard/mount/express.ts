import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dashboard } from '../dashboard.js'
import { serve } from '../node-http.js'

/** The part of a request of Express that is used, of any version: `baseUrl`, `originalUrl` and the parsed `body`. */
export type ExpressRequest = IncomingMessage & { baseUrl?: string; originalUrl?: string; body?: unknown }

/**
 * Serves a dashboard with Express, before or behind a body parser: `app.use('/admin/beat', mount(dashboard))`. The base
 * path is that of `app.use`; without one it is the option, and requests for other paths are passed on.
 */
export function mount(
  dashboard: Dashboard,
): (request: ExpressRequest, response: ServerResponse, next: (error?: unknown) => void) => void {
  return (request, response, next) => {
    const basePath = request.baseUrl || undefined
    const [path = '/'] = (request.originalUrl ?? '/').split('?')
    if (basePath === undefined && !`${path}/`.startsWith(dashboard.basePath)) return next()
    void serve(dashboard, request, response, { basePath })
  }
}

export default mount
