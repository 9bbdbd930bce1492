import { Cluster } from 'ioredis'
import { joinCluster } from '../../support/redis-cluster.js'
import { waitFor } from '../../support/wait-for.js'
import {
  type FailoverGroup,
  type FailoverNode,
  loseStream,
  startFailoverNode,
  untilInStep,
  untilPrimary,
} from './failover-node.js'

const PRIMARIES = 3
/** Time without an answer after which a node counts as dead, ms. */
const NODE_TIMEOUT_MS = 1_000

interface Pair {
  primary: FailoverNode
  replica: FailoverNode
}

/** Starts a Redis Cluster of three primaries with a replica each; resolves when the replicas are in step. */
export async function startClusterGroup(): Promise<FailoverGroup> {
  const create = (): Promise<FailoverNode> =>
    startFailoverNode((port, relayPort) => [
      ...['--cluster-enabled', 'yes', '--cluster-node-timeout', String(NODE_TIMEOUT_MS)],
      // However long it has heard nothing of its primary, a replica may be elected: here that is the point.
      ...['--cluster-replica-validity-factor', '0', '--cluster-allow-replica-migration', 'no'],
      ...['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', String(relayPort)],
      ...['--cluster-announce-bus-port', String(port + 10_000)],
    ])
  const nodes: FailoverNode[] = []
  for (let index = 0; index < 2 * PRIMARIES; index += 1) nodes.push(await create())
  const primaries = nodes.slice(0, PRIMARIES)
  await joinCluster(
    nodes.map(({ server }) => server),
    nodes.map(({ admin }) => admin),
    PRIMARIES,
  )
  const pairs: Pair[] = []
  for (const [index, primary] of primaries.entries()) {
    const replica = nodes[PRIMARIES + index]!
    await replica.admin.call('CLUSTER', 'REPLICATE', String(await primary.admin.call('CLUSTER', 'MYID')))
    pairs.push({ primary, replica })
  }

  async function untilWhole(): Promise<void> {
    for (const { admin, server } of nodes) {
      await waitFor(
        async () => {
          const info = String(await admin.call('CLUSTER', 'INFO'))
          const list = String(await admin.call('CLUSTER', 'NODES'))
          return info.includes('cluster_state:ok') && info.includes('cluster_slots_ok:16384') && !list.includes('fail')
        },
        { what: `port ${server.port} to find the cluster whole`, timeoutMs: 30_000, intervalMs: 20 },
      )
    }
    for (const { primary } of pairs) await untilInStep(primary, 1)
  }

  await untilWhole()
  return {
    workerOptions: { cluster: nodes.map(({ relay }) => ({ host: '127.0.0.1', port: relay.port })) },
    async connect() {
      const client = new Cluster(nodes.map(({ relay }) => ({ host: '127.0.0.1', port: relay.port })))
      client.on('error', () => {})
      return Promise.resolve(client)
    },
    async failOver(kind, random) {
      const pair = random.pick(pairs)
      const { primary, replica } = pair
      await loseStream(primary, kind, random)
      if (kind === 'planned') await replica.admin.call('CLUSTER', 'FAILOVER')
      else if (kind === 'forced-behind') await replica.admin.call('CLUSTER', 'FAILOVER', 'FORCE')
      else await primary.server.kill()
      await untilPrimary(replica)
      primary.relay.setLosing(false)
      if (kind === 'killed' || kind === 'killed-behind') await primary.server.restart()
      pair.primary = replica
      pair.replica = primary
      await untilWhole()
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}
