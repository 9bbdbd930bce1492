import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Dashboard } from '../dashboard.js'
import { serve } from '../node-http.js'

/** Serves a dashboard with `node:http`: `http.createServer(mount(dashboard))`. Its base path is the option of that name. */
export function mount(dashboard: Dashboard): (incoming: IncomingMessage, outgoing: ServerResponse) => void {
  return (incoming, outgoing) => void serve(dashboard, incoming, outgoing)
}

export default mount
