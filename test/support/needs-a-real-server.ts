/** Test files of `test/redis` that the memory store cannot run, each with what it needs. */
export const NEEDS_A_REAL_SERVER: Readonly<Record<string, string>> = {
  'test/redis/redis/acl.test.ts': 'users with rights',
  'test/redis/redis/commands.test.ts': 'a second version of the server',
  'test/redis/tls.test.ts': 'TLS',
  'test/redis/cluster.test.ts': 'a Cluster',
  'test/redis/cluster-migration.test.ts': 'a Cluster',
  'test/redis/cluster-password.test.ts': 'a Cluster',
  'test/redis/field.test.ts': 'maxclients, and renamed commands',
  'test/redis/cluster-silent-node.test.ts': 'a Cluster',
  'test/redis/dead-sentinel.test.ts': 'a Sentinel',
  'test/redis/testing/redis-server.test.ts': 'the process of redis-server itself',
  'test/redis/dashboard/many-schedules.test.ts': 'the statistics of commands',
  'test/redis/memory/same-as-redis.test.ts': 'redis-server, to be compared with',
}
