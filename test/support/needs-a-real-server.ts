/** What the memory store has not, on purpose: what a test may need of redis-server. */
export const NEEDS = [
  'users with rights',
  'persistence',
  'replication',
  'CLIENT PAUSE',
  'Cluster',
  'Sentinel',
  'TLS',
  'another server program',
  'statistics of commands',
  'sizes and encodings in memory',
  'maxmemory',
  'ids of streams beyond 2^53',
  'cmsgpack in scripts',
] as const

/** One of them. */
export type Need = (typeof NEEDS)[number]

/** Test files of `test/redis` that the memory store cannot run, each with what it needs. */
export const NEEDS_A_REAL_SERVER: Readonly<Record<string, Need>> = {
  'test/redis/bugs-of-others-restart.test.ts': 'persistence',
  'test/redis/cluster.test.ts': 'Cluster',
  'test/redis/cluster-migration.test.ts': 'Cluster',
  'test/redis/cluster-password.test.ts': 'Cluster',
  'test/redis/cluster-silent-node.test.ts': 'Cluster',
  'test/redis/unseen-shards.test.ts': 'Cluster',
  'test/redis/dashboard/many-schedules.test.ts': 'statistics of commands',
  'test/redis/dead-sentinel.test.ts': 'Sentinel',
  'test/redis/evictions.test.ts': 'maxmemory',
  'test/redis/field.test.ts': 'another server program',
  'test/redis/hanging-server.test.ts': 'CLIENT PAUSE',
  'test/redis/memory/same-as-redis.test.ts': 'another server program',
  'test/redis/older-dataset.test.ts': 'persistence',
  'test/redis/random-histories.test.ts': 'another server program',
  'test/redis/redis/acl.test.ts': 'users with rights',
  'test/redis/redis/commands.test.ts': 'another server program',
  'test/redis/refusing-server.test.ts': 'users with rights',
  'test/redis/rewound-dataset.test.ts': 'persistence',
  'test/redis/testing/redis-server.test.ts': 'another server program',
  'test/redis/tls.test.ts': 'TLS',
}

/** Parts of the titles of further tests that the memory store cannot run, each with what it needs. */
export const TESTS_THAT_NEED_A_REAL_SERVER: Readonly<Record<string, Need>> = {
  'a password of a lock node is in no log, event or error': 'users with rights',
  'without key tracking': 'users with rights',
  'is in no error of the calls that wait then': 'users with rights',
  'is written for a user who may not copy keys': 'users with rights',
  'a primary that was demoted under an open connection': 'replication',
  'is named when it is a replica, with the server to pass instead': 'replication',
  'grows by 70 bytes at most with each entry of its history': 'sizes and encodings in memory',
  'the size of a schedule in Redis is that of its content after its first fire': 'sizes and encodings in memory',
  'the size of a schedule with a long name in Redis is as small as before once its run has ended':
    'sizes and encodings in memory',
  'stays compact: a run is noted in few words, and the plan is one instant': 'sizes and encodings in memory',
  'keeps a history as it is, and the run is recorded when there is memory again': 'maxmemory',
  'a history that takes no later id is written anew with every entry that is not from the future':
    'ids of streams beyond 2^53',
  'does not keep the runs of others from being settled, and its own history goes on': 'ids of streams beyond 2^53',
  'give a definition for each job scheduler, whatever its id holds': 'cmsgpack in scripts',
  'keep the grid of an interval: the next job of BullMQ is an occurrence here': 'cmsgpack in scripts',
}
