export type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from 'fastify'
