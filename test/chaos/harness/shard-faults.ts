import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster, Redis } from 'ioredis'
import { type RedisServer, startRedisServer } from '../../../src/testing/redis-server.js'
import { joinCluster } from '../../support/redis-cluster.js'
import { waitFor } from '../../support/wait-for.js'
import { type ChaosProxy, startProxy } from '../proxy.js'
import type { FailoverGroup, FailoverLoad } from './failover-node.js'
import { monotonicNow } from './journal.js'

const NODES = 3
/** The first worker reaches every node through a proxy of its own. */
const SHORT_SIGHTED = 0
/** Time before a node hangs in which its runs may have been claimed or running, ms. */
const UNDER_WAY_MS = 500

export const SHARD_COUNT = 6

/** Whatever its rank, a worker of three does the maintenance of a shard that is not on the node of the first one. */
function fits(nodes: readonly number[]): boolean {
  return [0, 1, 2].every((rank) => [nodes[rank], nodes[rank + 3]].some((node) => node !== nodes[0]))
}

/** Starts a Redis Cluster of three primaries without replicas, whose other shards continue when one is silent. */
export async function startShardGroup(): Promise<FailoverGroup> {
  const servers: RedisServer[] = []
  for (let index = 0; index < NODES; index += 1) {
    const args = [
      '--cluster-enabled',
      'yes',
      '--cluster-node-timeout',
      '30000',
      '--cluster-require-full-coverage',
      'no',
    ]
    servers.push(await startRedisServer({ args }))
  }
  const admins = servers.map(({ url }) => new Redis(url, { maxRetriesPerRequest: null }).on('error', () => {}))
  await joinCluster(servers, admins)
  const proxies: ChaosProxy[] = []
  for (const { port } of servers) proxies.push(await startProxy(port))
  const startNodes = (ports: readonly { port: number }[]) => ports.map(({ port }) => ({ host: '127.0.0.1', port }))
  const natMap = Object.fromEntries(
    servers.map(({ port }, index) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: proxies[index]!.port }]),
  )

  async function hang(index: number, ms: number, { fleet, nodeOf }: FailoverLoad): Promise<void> {
    await servers[index]!.kill('SIGSTOP')
    const hungAt = monotonicNow()
    try {
      await sleep(ms)
      const isElsewhere = (): boolean =>
        fleet.spans().some(({ from, schedule }) => from > hungAt + UNDER_WAY_MS && nodeOf(schedule) !== index)
      await waitFor(isElsewhere, { what: 'a start on a shard of another node while one hangs', timeoutMs: 20_000 })
    } finally {
      await servers[index]!.kill('SIGCONT')
    }
  }

  /**
   * From now on the first worker reaches the node of the first shard alone, and the others die. Other workers have to do the
   * maintenance of the shards for which the first worker is responsible, or no worker recovers the runs of the dead.
   */
  async function hide({ fleet, home }: FailoverLoad): Promise<void> {
    for (const [place, proxy] of proxies.entries()) proxy.isBlackHole = place !== home
    const others = fleet.alive.filter((worker) => worker.index !== SHORT_SIGHTED)
    await Promise.all(others.map((worker) => fleet.kill(worker)))
    for (const _ of others) await fleet.spawn()
    // Longer than a lease and a heartbeat.
    await sleep(8_000)
  }

  return {
    workerOptions: { cluster: startNodes(servers) },
    optionsOf: (index) => (index === SHORT_SIGHTED ? { cluster: startNodes(proxies), natMap } : {}),
    fits,
    connect: () => Promise.resolve(new Cluster(startNodes(servers)).on('error', () => {})),
    async failOver(kind, random, load) {
      if (kind === 'hanging') await hang(random.between(0, NODES - 1), random.between(1_500, 5_000), load!)
      else await hide(load!)
    },
    async [Symbol.asyncDispose]() {
      for (const admin of admins) admin.disconnect()
      await Promise.all(proxies.map((proxy) => proxy.close()))
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}
