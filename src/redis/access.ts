/** What Redis commands Everybeat sends or calls in its scripts; in Redis a script has the rights of who calls it. */
export const COMMANDS: readonly string[] = [
  // Scripts, and what they call.
  ...['eval', 'evalsha', 'time', 'del', 'exists', 'get', 'set', 'pexpire', 'pttl', 'scan'],
  ...['hdel', 'hget', 'hgetall', 'hincrby', 'hmget', 'hset', 'hsetnx', 'llen', 'lpop', 'lrem', 'rpush'],
  ...['sadd', 'scard', 'smembers', 'srem', 'xadd', 'xrevrange', 'xtrim'],
  ...['zadd', 'zcard', 'zcount', 'zrange', 'zrangebylex', 'zrangebyscore', 'zrank', 'zrem', 'zscore'],
  // News for the fleet, edits as they happen, and whether a worker is connected.
  ...['publish', 'subscribe', 'unsubscribe', 'pubsub|numsub', 'client|id', 'client|tracking'],
  // The connection itself. CLIENT SETINFO is left out: servers before 7.2 refuse a rule for it, and nothing depends on it.
  ...['ping', 'info', 'quit', 'select', 'client|setname'],
]

/** Whose rights, and to what. A field that is left out has the default of the option of that name. */
export interface AclRequest {
  /** Name of the user; default `everybeat`. */
  user?: string | undefined
  prefix?: string | undefined
  shards?: number | undefined
}

/**
 * The rules of a Redis user that may do what Everybeat does and nothing else, as the arguments of `ACL SETUSER`: the
 * user, that it is on, its keys, its channels, its commands. A password is not among them.
 */
export function aclRules({ user = 'everybeat', prefix = 'everybeat', shards = 1 }: AclRequest = {}): string[] {
  const tag = shards === 1 ? `{${escapeGlob(prefix)}}` : `{${escapeGlob(prefix)}:*}`
  return [
    ...[user, 'on', 'resetkeys', `~${tag}:*`, 'resetchannels', `&${tag}:*`, '&__redis__:invalidate', '-@all'],
    ...COMMANDS.map((command) => `+${command}`),
  ]
}

/** A glob that matches exactly this text. */
export function escapeGlob(text: string): string {
  return text.replace(/[[\]*?\\^]/g, '\\$&')
}
