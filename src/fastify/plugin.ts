import fastifyPlugin from 'fastify-plugin'
import type { DashboardOptions } from '../dashboard/index.js'
import { Everybeat, EverybeatError, type EverybeatOptions, type Logger } from '../index.js'
import type { FastifyBaseLogger, FastifyInstance, FastifyPluginAsync } from './fastify.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The instance that the plugin starts and stops with the server. */
    everybeat: Everybeat
  }
}

/** Where the plugin serves the dashboard, and the options of `createDashboard`; the prefix is its base path. */
export interface FastifyDashboardOptions extends Omit<DashboardOptions, 'basePath'> {
  /** The path of the dashboard, `/admin/beat` for example, below the prefix of the scope that registers the plugin. */
  prefix: string
}

/** What `fastify.register(everybeat, …)` takes: the options of an instance, and those of the plugin. */
export interface EverybeatPluginOptions extends EverybeatOptions {
  /** An instance that is not started yet, in place of options; the plugin starts and stops it. */
  beat?: Everybeat | undefined
  /** Time for which runs may continue when the server closes, in milliseconds; default 30 000. */
  stopTimeoutMs?: number | undefined
  /** Serves the dashboard too, in a scope of its own; default: none. Hooks of the server run before it. */
  dashboard?: FastifyDashboardOptions | undefined
}

/**
 * Everybeat in a Fastify 5 server: every plugin that is registered later finds `fastify.everybeat`. It joins the fleet
 * when the server is ready, claims nothing more when it closes, and lets its runs end before `fastify.close()` resolves.
 *
 * Register it after the plugins that tasks use (a database, for example): Fastify closes in the reverse order.
 */
export const everybeat: FastifyPluginAsync<EverybeatPluginOptions> = fastifyPlugin(register, {
  name: 'everybeat',
  fastify: '5.x',
})

async function register(fastify: FastifyInstance, options: EverybeatPluginOptions): Promise<void> {
  const { beat: given, stopTimeoutMs = 30_000, dashboard, ...instance } = options
  if (!Number.isSafeInteger(stopTimeoutMs) || stopTimeoutMs < 0) {
    throw refuse('stopTimeoutMs', stopTimeoutMs, 'whole milliseconds from 0')
  }
  if (given !== undefined && Object.keys(instance).length > 0) {
    throw refuse(Object.keys(instance)[0] as string, 'an option', 'no options of an instance beside beat')
  }
  if (dashboard !== undefined) checkDashboard(dashboard)
  const beat = given ?? new Everybeat({ ...instance, logger: instance.logger ?? toLogger(fastify.log) })
  fastify.decorate('everybeat', beat)
  if (dashboard !== undefined) await serveDashboard(fastify, beat, dashboard)
  fastify.addHook('onReady', async () => await beat.start())
  let stopped: Promise<void> | undefined
  // The server still answers what it has begun; the worker begins nothing new.
  fastify.addHook('preClose', async () => {
    stopped = beat.stop({ timeoutMs: stopTimeoutMs })
  })
  fastify.addHook('onClose', async () => await (stopped ?? beat.stop({ timeoutMs: stopTimeoutMs })))
}

function checkDashboard(dashboard: FastifyDashboardOptions): void {
  if (typeof dashboard !== 'object' || dashboard === null) throw refuse('dashboard', dashboard, '{ prefix, … }')
  const { prefix } = dashboard
  if (typeof prefix !== 'string' || !/^(\/[^/?#*:]+)+\/?$/.test(prefix)) {
    throw refuse('dashboard.prefix', prefix, 'a path that begins with a slash, such as /admin/beat')
  }
}

/** Loads the dashboard only for a server that asks for one. */
async function serveDashboard(
  fastify: FastifyInstance,
  beat: Everybeat,
  { prefix, ...options }: FastifyDashboardOptions,
): Promise<void> {
  const { createDashboard } = await import('../dashboard/index.js')
  const { mount } = await import('../dashboard/mount/fastify.js')
  const served = mount(createDashboard(beat, options)) as unknown as FastifyPluginAsync
  await fastify.register(served, { prefix: prefix.replace(/\/$/, '') })
}

/** What Everybeat has to say, in the log of the server. */
function toLogger(log: FastifyBaseLogger): Logger {
  const write = (level: 'debug' | 'info' | 'warn' | 'error') => (message: string, details?: unknown) =>
    details === undefined ? log[level](message) : log[level]({ details }, message)
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: ${String(value)} cannot be used; allowed: ${allowed}`, {
    field,
    value,
  })
}
