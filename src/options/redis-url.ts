import type { RedisOptions } from 'ioredis'

/** The parts of a checked Redis URL, or of the path of a socket, as ioredis options. */
export function optionsOfUrl(text: string): RedisOptions {
  if (text.startsWith('/')) return { path: text }
  const url = new URL(text)
  const db = /^\/(\d+)$/.exec(url.pathname)?.[1]
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    ...(url.username === '' ? {} : { username: decodeURIComponent(url.username) }),
    ...(url.password === '' ? {} : { password: decodeURIComponent(url.password) }),
    ...(db === undefined ? {} : { db: Number(db) }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  }
}
