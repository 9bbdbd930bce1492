import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll } from 'vitest'
import { type RedisServer, startRedisServer } from '../../src/testing/redis-server.js'
import { waitFor } from './wait-for.js'

const SLOTS = 16_384

/** A Redis Cluster of masters, started from the plain binaries for one suite. */
export interface SuiteCluster {
  /** A live client that the test owns; it is closed after the suite. */
  connect(): Cluster
  /** A client of one node. */
  node(index: number): Redis
  readonly servers: readonly RedisServer[]
}

/** Gives a file's tests a Cluster of their own. Call it where hooks may be called; use it inside tests and hooks only. */
export function useRedisCluster(masters = 3, password?: string): SuiteCluster {
  const secret = password === undefined ? {} : { password }
  const servers: RedisServer[] = []
  const nodes: Redis[] = []
  const clients: Cluster[] = []
  beforeAll(async () => {
    for (let index = 0; index < masters; index++) {
      const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '5000']
      if (password !== undefined) args.push('--requirepass', password)
      const server = await startRedisServer({ args })
      servers.push(server)
      nodes.push(new Redis(server.url, { maxRetriesPerRequest: null, ...secret }).on('error', () => {}))
    }
    await joinCluster(servers, nodes)
  })
  afterAll(async () => {
    for (const client of [...clients, ...nodes]) client.disconnect()
    await Promise.all(servers.map((server) => server.stop()))
  })
  return {
    servers,
    node: (index) => nodes[index]!,
    connect() {
      const startNodes = servers.map(({ port }) => ({ host: '127.0.0.1', port }))
      const client = new Cluster(startNodes, { redisOptions: secret })
      // A node that is taken down on purpose is no news to the test.
      client.on('error', () => {})
      clients.push(client)
      return client
    },
  }
}

/** Makes one Cluster of these empty nodes, whose slots are dealt out to the first `masters` of them. */
export async function joinCluster(
  servers: readonly RedisServer[],
  nodes: readonly Redis[],
  masters = nodes.length,
): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    const first = Math.floor((index * SLOTS) / masters)
    const last = Math.floor(((index + 1) * SLOTS) / masters) - 1
    // Slot by slot: servers before 7 know no ranges.
    const slots = Array.from({ length: last - first + 1 }, (_, slot) => first + slot)
    if (index < masters) await node.call('CLUSTER', 'ADDSLOTS', ...slots)
    await node.call('CLUSTER', 'SET-CONFIG-EPOCH', index + 1)
    if (index > 0) await nodes[0]!.call('CLUSTER', 'MEET', '127.0.0.1', servers[index]!.port)
  }
  for (const node of nodes) {
    await waitFor(
      async () => {
        const info = (await node.call('CLUSTER', 'INFO')) as string
        const known = new RegExp(`cluster_known_nodes:${nodes.length}\\b`).test(info)
        return known && info.includes('cluster_state:ok') && info.includes(`cluster_slots_ok:${SLOTS}`)
      },
      { what: 'the cluster to be whole', timeoutMs: 30_000 },
    )
  }
}
