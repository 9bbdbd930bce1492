import type { Dashboard } from '../dashboard.js'

/** What of a context of Hono is used; whatever version it is. */
export interface HonoContext {
  readonly req: { readonly raw: Request; readonly routePath?: string }
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
