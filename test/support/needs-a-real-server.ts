/** What a test may need of redis-server and the memory store lacks on purpose. */
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

/** One need of a test. */
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
  'is in no error of the waiting calls': 'users with rights',
  'is written for a user who may not copy keys': 'users with rights',
  'a primary that was demoted under an open connection': 'replication',
  'a replica is refused at the start, and the error names the server to pass instead': 'replication',
  'the size of a schedule in Redis grows by 55 bytes at most with each entry of its history':
    'sizes and encodings in memory',
  'the size of a schedule in Redis is that of its content after its first fire': 'sizes and encodings in memory',
  'the size of a schedule with a long name in Redis is as small as before once its run has ended':
    'sizes and encodings in memory',
  'stays compact: its run has the short form, and its plan has one instant': 'sizes and encodings in memory',
  'keeps the history unchanged, and the run is recorded when memory is free again': 'maxmemory',
  'a history that accepts no later id is replaced by its entries that are not from the future':
    'ids of streams beyond 2^53',
  'does not keep the runs of others from being settled, and its own history continues': 'ids of streams beyond 2^53',
  'the keys of BullMQ give a definition for each job scheduler, whatever its id holds': 'cmsgpack in scripts',
  'the interval of a job scheduler keeps its grid, so the next job of BullMQ is an occurrence of the schedule':
    'cmsgpack in scripts',
}
