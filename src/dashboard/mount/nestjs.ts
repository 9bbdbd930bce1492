import type { Dashboard } from '../dashboard.js'
import { mount as mountExpress } from './express.js'
import { mount as mountFastify } from './fastify.js'

/** The part of a Nest application that is used, on Express or on Fastify, of any version. */
export interface NestApplication {
  /** Adds a middleware of Express. */
  use(...parameters: unknown[]): unknown
  /** Gives the adapter, whose `getType` names the server and whose `getInstance` is the server. */
  getHttpAdapter(): { getType(): string; getInstance(): unknown }
}

/**
 * Serves a dashboard with a Nest application, on Express or on Fastify: `await mount(app, '/admin/beat', dashboard)`, before
 * `app.listen()`. Global guards and interceptors of Nest do not see these requests: decide in `authorize` about access.
 */
export async function mount(app: NestApplication, path: string, dashboard: Dashboard): Promise<void> {
  const adapter = app.getHttpAdapter()
  if (adapter.getType() !== 'fastify') {
    app.use(path, mountExpress(dashboard))
    return
  }
  const fastify = adapter.getInstance() as { register(plugin: unknown, options: object): PromiseLike<unknown> }
  await fastify.register(mountFastify(dashboard), { prefix: path.replace(/\/+$/, '') })
}

export default mount
