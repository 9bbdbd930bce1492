import type { RedisClient } from '../redis-client.js'

/** The address of a client, without user and password, for messages and logs. */
export function addressOf(client: RedisClient): string {
  if ('nodes' in client) return 'the cluster'
  const { host, port, path, sentinels, name } = client.options
  if (sentinels) return `sentinel group ${name ?? ''}`.trim()
  return path ?? `${host ?? '127.0.0.1'}:${port ?? 6379}`
}
