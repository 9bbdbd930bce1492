import type { RedisOptions } from 'ioredis'
import { CliFailure } from './failure.js'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379

/** A server of a list in a URL. */
interface Address {
  host: string
  port: number
}

/** The parts of a URL of several servers. */
export type ServerList =
  | { readonly kind: 'sentinel'; readonly options: RedisOptions }
  | { readonly kind: 'cluster'; readonly nodes: Address[]; readonly options: RedisOptions }

/**
 * Reads `redis+sentinel://[user:password@]host:port,…/name[/db]` and `redis+cluster://[user:password@]host:port,…`, with
 * `rediss+…` for TLS; null for any other text, which the library itself reads.
 *
 * @throws CliFailure for a list that names no server, or a Sentinel without the name of its master
 */
export function parseServerList(url: string): ServerList | null {
  const parts = /^(rediss?)\+(sentinel|cluster):\/\/(?:([^@/]*)@)?([^/]*)(?:\/([^/]*))?(?:\/(\d+))?$/.exec(url)
  if (parts === null) return null
  const [, protocol, kind, login = '', hosts = '', name = '', db] = parts
  const port = kind === 'sentinel' ? DEFAULT_SENTINEL_PORT : DEFAULT_PORT
  const nodes = hosts
    .split(',')
    .filter((host) => host !== '')
    .map((host) => parseAddress(host, port))
  if (nodes.length === 0)
    throw new CliFailure('ERR_CLI_USAGE', '--redis names no server: redis+cluster://host:port,host:port')
  const options: RedisOptions = { ...parseLogin(login), ...(protocol === 'rediss' && { tls: {} }) }
  if (kind === 'cluster') return { kind, nodes, options }
  if (name === '') {
    throw new CliFailure('ERR_CLI_USAGE', '--redis names no master: redis+sentinel://host:port,host:port/mymaster')
  }
  return {
    kind: 'sentinel',
    options: { ...options, sentinels: nodes, name, ...(db !== undefined && { db: Number(db) }) },
  }
}

function parseAddress(text: string, port: number): Address {
  const parts = /^(\[[^\]]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text)
  if (parts === null) throw new CliFailure('ERR_CLI_USAGE', `--redis: ${JSON.stringify(text)} is no host:port`)
  return { host: parts[1]!.replace(/^\[|\]$/g, ''), port: parts[2] === undefined ? port : Number(parts[2]) }
}

function parseLogin(login: string): RedisOptions {
  const cut = login.indexOf(':')
  const [username, password] = cut < 0 ? ['', login] : [login.slice(0, cut), login.slice(cut + 1)]
  return {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  }
}
