import type { ConnectionOptions } from 'node:tls'
import type { Cluster, Redis } from 'ioredis'
import { EverybeatError } from '../errors.js'
import { isPlainObject, wrongValue } from '../schedule/field-values.js'
import { MEMORY_SOURCE, MEMORY_URL } from './memory-source.js'
import type { RedisSource } from './redis-source.js'
import { optionsOfUrl } from './redis-url.js'

/** The TLS options of `rediss://` URLs; null for none. */
export type Tls = ConnectionOptions | null

const CODE = 'ERR_EVERYBEAT_OPTIONS'

/**
 * Reads the option `redis`, or one of `lockNodes`. Passwords in a URL are not repeated in a message.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
 */
export function parseRedis(given: unknown, field: string, tls: Tls): RedisSource {
  const value = given instanceof URL ? given.href : given
  if (value === MEMORY_URL) return MEMORY_SOURCE
  if (typeof value === 'string' && isRedisUrl(value)) {
    return Object.freeze({ kind: 'url', url: value, ...(tls && /^rediss:/i.test(value) ? { tls } : {}) })
  }
  if (isRedisClient(value)) return Object.freeze({ kind: 'client', client: value })
  if (isPlainObject(value)) return parseRedisOptions(value, field, tls)
  const isShown = typeof value === 'number' || typeof value === 'boolean'
  const shown =
    typeof value === 'string' ? hidePassword(value) : isShown ? value : Object.prototype.toString.call(value)
  const allowed =
    'a redis:// or rediss:// URL with the number of a database at most as its path, memory:, the path of a socket, ioredis options, or an ioredis Redis or Cluster'
  throw wrongValue(field, shown, allowed, CODE)
}

/**
 * Reads ioredis options. A `url` in them, as node-redis and BullMQ take it, gives host, port, user, password and
 * database.
 */
function parseRedisOptions(value: Record<string, unknown>, field: string, tls: Tls): RedisSource {
  refuseForeignNames(value, field)
  refuseNamelessGroup(value, field)
  const { url, ...options } = value
  if (url === undefined) return Object.freeze({ kind: 'options', options: Object.freeze({ ...value }) })
  const source = typeof url === 'string' ? parseRedis(url, `${field}.url`, tls) : null
  if (source?.kind !== 'url') throw wrongValue(`${field}.url`, url, 'a redis:// or rediss:// URL', CODE)
  if (Object.keys(options).length === 0) return source
  return Object.freeze({ kind: 'options', options: Object.freeze({ ...optionsOfUrl(source.url), ...options }) })
}

/** The option names of other clients, which ioredis would ignore, so that it would connect to localhost. */
const FOREIGN_NAMES: Readonly<Record<string, string>> = {
  socket: 'the members of `socket` (host, port, path, tls) beside the others, as ioredis takes them, or `url`',
  connection: 'what is in `connection` as `redis` itself',
  uri: '`url`',
  hostname: '`host`',
  server: '`host` and `port`',
  servers: 'a live `Cluster` of ioredis for several nodes, or `sentinels` and `name`',
  nodes: 'a live `Cluster` of ioredis for several nodes, or `sentinels` and `name`',
  rootNodes: 'a live `Cluster` of ioredis for several nodes',
  startupNodes: 'a live `Cluster` of ioredis for several nodes',
  database: '`db`',
}

function refuseForeignNames(options: Record<string, unknown>, field: string): void {
  for (const [name, allowed] of Object.entries(FOREIGN_NAMES)) {
    if (options[name] === undefined) continue
    throw new EverybeatError(CODE, `${field}.${name} is not an option of ioredis; allowed: ${allowed}`, {
      field: `${field}.${name}`,
    })
  }
}

/** ioredis refuses these options too, but only when it connects, and in other words. */
function refuseNamelessGroup({ sentinels, name }: Record<string, unknown>, field: string): void {
  if (sentinels === undefined || sentinels === null) return
  if (!Array.isArray(sentinels) || sentinels.length === 0) {
    throw wrongValue(`${field}.sentinels`, sentinels, 'a list of at least one { host, port }', CODE)
  }
  if (typeof name === 'string' && name !== '') return
  throw wrongValue(`${field}.name`, name, 'the name of the group that the sentinels watch, such as mymaster', CODE)
}

function isRedisUrl(text: string): boolean {
  if (/^\/[^\p{Cc}]+$/u.test(text)) return true
  if (!/^rediss?:\/\//i.test(text) || !URL.canParse(text)) return false
  const { hostname, pathname } = new URL(text)
  // ioredis would read any other path as database 0.
  return hostname !== '' && /^\/?\d*$/.test(pathname)
}

/** Checks the methods instead of the class, so that any copy and version of ioredis is accepted. */
function isRedisClient(value: unknown): value is Redis | Cluster {
  if (typeof value !== 'object' || value === null || isPlainObject(value)) return false
  const client = value as Record<string, unknown>
  const methods = ['call', 'duplicate', 'disconnect', 'on'].every((name) => typeof client[name] === 'function')
  return methods && typeof client['status'] === 'string'
}

function hidePassword(url: string): string {
  return url.replace(/^(\w+:\/\/)?.*@/s, '$1***@')
}
