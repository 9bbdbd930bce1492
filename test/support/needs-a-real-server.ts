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

/** Ends of the titles of further tests that the memory store cannot run, each with what it needs. */
export const TESTS_THAT_NEED_A_REAL_SERVER: Readonly<Record<string, string>> = {
  'is named when it is a replica, with what to pass': 'REPLICAOF',
  'fails the start in time with what the server says, and the instance can be stopped': 'maxclients',
  'a history that takes no later id is written anew with every entry that is not from the future':
    'ids of streams beyond 2^53',
  'does not keep the runs of others from being settled, and its own history goes on': 'ids of streams beyond 2^53',
  'keeps a history as it is, and the run is recorded when there is memory again': 'maxmemory',
  'edits by hand are found by the elected sweep': 'users with rights',
  'give a definition for each job scheduler, whatever its id holds': 'cmsgpack',
  'keep the grid of an interval: the next job of BullMQ is an occurrence here': 'cmsgpack',
  'a password of a lock node is in no log, event or error': 'passwords that are changed',
  'is in no error of the calls that wait then': 'passwords that are changed',
  'stays compact: a run is noted in few words, and the plan is one instant': 'OBJECT ENCODING',
}

/** Fits the titles of all tests but those. */
export function titlesForMemory(): RegExp {
  const excluded = Object.keys(TESTS_THAT_NEED_A_REAL_SERVER).map((title) =>
    title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  )
  return new RegExp(`^(?!.*(${excluded.join('|')})$)`)
}
