import type { ServerResponse } from 'node:http'
import type { Dashboard } from '../dashboard.js'
import { serve, type NodeRequest } from '../node-http.js'

/** What of an instance of Fastify is used; whatever version it is. */
export interface FastifyLike {
  readonly prefix: string
  removeAllContentTypeParsers(): unknown
  addContentTypeParser(
    type: string,
    parse: (request: never, payload: never, done: (error: null) => void) => void,
  ): unknown
  addHook(name: 'preClose', hook: (done: () => void) => void): unknown
  all(path: string, handler: (request: never, reply: never) => void): unknown
}

/**
 * Serves a dashboard with Fastify: `fastify.register(mount(dashboard), { prefix: '/admin/beat' })`. It stays in a scope of
 * its own: the parsers of the application are left alone.
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
