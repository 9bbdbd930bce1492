import type { ServerResponse } from 'node:http'
import type { Dashboard } from '../dashboard.js'
import { serve, type NodeRequest } from '../node-http.js'

/** The part of an instance of Fastify that is used, of any version. */
export interface FastifyLike {
  /** The path that the plugin is registered below. */
  readonly prefix: string
  /** Removes the parsers of this scope. */
  removeAllContentTypeParsers(): unknown
  /** Adds a parser to this scope. */
  addContentTypeParser(
    type: string,
    parse: (request: never, payload: never, done: (error: null) => void) => void,
  ): unknown
  /** Adds a hook that is called before the server closes. */
  addHook(name: 'preClose', hook: (done: () => void) => void): unknown
  /** Adds a route for every method. */
  all(path: string, handler: (request: never, reply: never) => void): unknown
}

/**
 * Serves a dashboard with Fastify: `fastify.register(mount(dashboard), { prefix: '/admin/beat' })`. It stays in a scope of
 * its own: the parsers of the application do not change.
 */
export function mount(dashboard: Dashboard): (fastify: FastifyLike, options: object, done: () => void) => void {
  return (fastify, _options, done) => {
    const basePath = fastify.prefix || undefined
    fastify.removeAllContentTypeParsers()
    // The dashboard reads the body itself.
    fastify.addContentTypeParser('*', (_request, _payload, parsed) => parsed(null))
    const handle = (request: { raw: NodeRequest }, reply: { raw: ServerResponse; hijack(): void }): void => {
      reply.hijack()
      void serve(dashboard, request.raw, reply.raw, { basePath })
    }
    fastify.all('/', handle as never)
    fastify.all('/*', handle as never)
    // Streams of events would keep the server from closing.
    fastify.addHook('preClose', (closed) => {
      dashboard.close()
      closed()
    })
    done()
  }
}

export default mount
