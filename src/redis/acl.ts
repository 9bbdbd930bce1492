/** What the scripts call, and what Everybeat itself sends: nothing of it reaches beyond the keys of the prefix. */
export const ACL_COMMANDS = [
  // The scripts, and what they call.
  ...[
    'eval',
    'evalsha',
    'time',
    'publish',
    'pubsub|numsub',
    'scan',
    'copy',
    'del',
    'exists',
    'pexpire',
    'pttl',
    'rename',
  ],
  ...[
    'get',
    'set',
    'hdel',
    'hget',
    'hgetall',
    'hincrby',
    'hmget',
    'hset',
    'hsetnx',
    'mget',
    'sadd',
    'scard',
    'smembers',
    'srem',
  ],
  ...['llen', 'lpop', 'lrange', 'lrem', 'rpush', 'xadd', 'xrevrange', 'xtrim', 'zadd', 'zcard', 'zcount', 'zrange'],
  ...['zrangebylex', 'zrangebyscore', 'zrank', 'zrem', 'zscore'],
  // Listening to the fleet and to edits.
  ...['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'client|id', 'client|tracking'],
  // What ioredis sends for a connection: its name, its database, whether the server is ready.
  ...['ping', 'select', 'info', 'client|setname'],
  // Moving schedules to another number of shards.
  // Waiting for replicas, with the option `durability`.
  'wait',
] as const

/** What changing the number of shards takes beside {@link ACL_COMMANDS}: for the operator's user, no worker needs it. */
export const ACL_RESHARD_COMMANDS = ['dump', 'restore'] as const

/** The commands of a Cluster's client, beside those of {@link ACL_COMMANDS}. */
export const ACL_CLUSTER_COMMANDS = [
  'cluster|slots',
  'cluster|info',
  'cluster|shards',
  'readonly',
  'readwrite',
] as const

/**
 * The rules of a Redis user that may do what Everybeat does under this prefix, and nothing else, for
 * `ACL SETUSER <name> on ><password> …`, on Redis 6.2 and later. From 7.2 on ioredis also tells its name and version by
 * `CLIENT SETINFO`; it does without, and a server that knows it may be given `+client|setinfo` too.
 *
 * @param prefix the option `prefix` of the fleet
 * @param options `isCluster`: also what a Redis Cluster needs; `mayReshard`: also what `everybeat reshard` needs; both
 *   default to false
 */
export function aclRules(prefix: string, options: { isCluster?: boolean; mayReshard?: boolean } = {}): string[] {
  const glob = prefix.replace(/[[\]*?\\^]/g, '\\$&')
  const commands = [
    ...ACL_COMMANDS,
    ...(options.isCluster ? ACL_CLUSTER_COMMANDS : []),
    ...(options.mayReshard ? ACL_RESHARD_COMMANDS : []),
  ]
  return [
    'resetkeys',
    'resetchannels',
    '-@all',
    // One shard, and several.
    `~{${glob}}:*`,
    `~{${glob}:*}:*`,
    `&{${glob}}:*`,
    `&{${glob}:*}:*`,
    // Where Redis tells of definitions that were edited; without it the sweep finds them.
    '&__redis__:invalidate',
    // A pattern to subscribe to has to be named as it is subscribed to.
    `&__keyspace@*__:{${glob}}:schedule:\\*`,
    ...commands.map((command) => `+${command}`),
  ]
}
