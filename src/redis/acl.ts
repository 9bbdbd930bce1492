/** The commands of the scripts and of Everybeat itself; none of them touches keys outside the prefix. */
export const ACL_COMMANDS = [
  // The script calls, and the commands inside the scripts.
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
  // The subscriptions to the fleet channel and to edits.
  ...['subscribe', 'unsubscribe', 'psubscribe', 'punsubscribe', 'client|id', 'client|tracking'],
  // The commands that ioredis sends for each connection: its name, its database, the check of readiness.
  ...['ping', 'select', 'info', 'client|setname'],
  // The move of schedules to another number of shards. The wait for replicas of the option `durability`.
  'wait',
] as const

/**
 * The commands, beside {@link ACL_COMMANDS}, that change the number of shards: for the user of an operator, not of a
 * worker.
 */
export const ACL_RESHARD_COMMANDS = ['dump', 'restore'] as const

/** The commands of a Cluster client, beside {@link ACL_COMMANDS}. */
export const ACL_CLUSTER_COMMANDS = [
  'cluster|slots',
  'cluster|info',
  'cluster|shards',
  'readonly',
  'readwrite',
] as const

/**
 * The rules of a Redis user that may do only what Everybeat does under this prefix, for `ACL SETUSER <name> on
 * ><password> …`, on Redis 6.2 and later. From Redis 7.2 on, ioredis also sends its name and version by `CLIENT
 * SETINFO`. It works without; `+client|setinfo` allows it.
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
    // The channel on which Redis reports edited definitions; without it the sweep finds them.
    '&__redis__:invalidate',
    // A pattern of a subscription has to be allowed in the same words.
    `&__keyspace@*__:{${glob}}:schedule:\\*`,
    ...commands.map((command) => `+${command}`),
  ]
}
