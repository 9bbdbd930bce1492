import type { Dashboard } from '../dashboard.js'

/** The part of a context of Hono that is used, of any version. */
export interface HonoContext {
  /** The request: `raw` as the runtime gave it, and the `routePath` that matched it. */
  readonly req: { readonly raw: Request; readonly routePath?: string }
  /** The bindings of the runtime; on Node.js they have the socket. */
  readonly env: unknown
}

/** Serves a dashboard with Hono: `app.all('/admin/beat/*', mount(dashboard))`. Its base path is that of the route. */
export function mount(dashboard: Dashboard): (context: HonoContext) => Promise<Response> {
  return (context) => {
    const { raw, routePath } = context.req
    const basePath = /^(\/[^*:]*?)\/?\*$/.exec(routePath ?? '')?.[1]
    const incoming = (context.env as { incoming?: { socket?: { remoteAddress?: string } } } | undefined)?.incoming
    return dashboard.fetch(raw, { basePath, remoteAddress: incoming?.socket?.remoteAddress })
  }
}

export default mount
