import { type Cluster, Redis } from 'ioredis'
import { type RedisServer, startRedisServer } from '../../../src/testing/redis-server.js'
import { waitFor } from '../../support/wait-for.js'
import type { ChaosFleet } from './fleet.js'
import type { Random } from './random.js'
import { type Relay, startRelay } from './relay.js'

/** How a failover comes about. */
export type FailoverKind =
  /** An operator asks for it; the servers hand over. */
  | 'planned'
  /** SIGKILL of a primary; another node is elected, and the dead one restarts empty as its replica. */
  | 'killed'
  /** The same, and the last moments of the primary reach no replica. */
  | 'killed-behind'
  /** A replica that has missed the last moments is promoted beside a primary that lives, and takes writes, a moment longer. */
  | 'forced-behind'
  /** A primary freezes for some seconds, and no replica takes over. */
  | 'hanging'
  /** One worker reaches the node of the first shard alone from now on, and the others are killed and replaced. */
  | 'unseen'

/** Servers that fail over by themselves, and what workers connect to them with. */
export interface FailoverGroup extends AsyncDisposable {
  /** Options of a worker process: what can be said in JSON. */
  readonly workerOptions: Record<string, unknown>
  /** More options of the worker at this place in the order of starts. */
  optionsOf?(index: number): Record<string, unknown>
  /** Whether the shards may be on these of three nodes; without it, all that matters is that each node has some. */
  fits?(nodes: readonly number[]): boolean
  connect(): Promise<Redis | Cluster>
  /**
   * Resolves when another primary has taken over, the old one follows it, and its stream flows; where no primary changes,
   * when the fault was made.
   *
   * @param load what the group serves, for faults that concern workers too
   */
  failOver(kind: FailoverKind, random: Random, load?: FailoverLoad): Promise<void>
}

/** The fleet that a group serves. */
export interface FailoverLoad {
  readonly fleet: ChaosFleet
  /** On which of three nodes a schedule is, by place. */
  nodeOf(schedule: string): number
  /** On which of three nodes the first shard is. */
  readonly home: number
}

/** One server, reached through a relay at the address that it announces, so that its stream can be lost. */
export interface FailoverNode {
  readonly server: RedisServer
  /** Straight to the server. */
  readonly admin: Redis
  readonly relay: Relay
  close(): Promise<void>
}

const COMMON_ARGS = ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5', '--repl-ping-replica-period', '1']

/**
 * Starts a server behind its relay. Its port leaves room for a cluster bus, 10 000 above, below the ports that kernels
 * take for outgoing connections: another program could hold such a port when the server is started again.
 */
export async function startFailoverNode(args: (port: number, relayPort: number) => string[]): Promise<FailoverNode> {
  for (let attempt = 1; ; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 2_700)
    const relay = await startRelay(port, 'streams')
    try {
      const server = await startRedisServer({ port, args: [...COMMON_ARGS, ...args(port, relay.port)] })
      const admin = new Redis(server.url, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
      admin.on('error', () => {})
      return {
        server,
        admin,
        relay,
        async close() {
          admin.disconnect()
          await relay.close()
          await server.stop()
        },
      }
    } catch (error) {
      await relay.close()
      if (attempt === 10) throw error
    }
  }
}

/** Loses the stream of a primary for some moments, where the kind of failover asks for it. */
export async function loseStream(primary: FailoverNode, kind: FailoverKind, random: Random): Promise<void> {
  if (kind !== 'killed-behind' && kind !== 'forced-behind') return
  primary.relay.setLosing(true)
  await new Promise((resolve) => setTimeout(resolve, random.between(50, 250)))
}

/** Waits until the node is a primary. */
export async function untilPrimary(node: FailoverNode): Promise<void> {
  await waitFor(async () => (await node.admin.role())[0] === 'master', {
    what: `the server on port ${node.server.port} to become primary`,
    timeoutMs: 30_000,
    intervalMs: 20,
  })
}

/** Waits until a number of replicas of a primary have acknowledged its writes so far. */
export async function untilInStep(primary: FailoverNode, replicas: number): Promise<void> {
  const read = async (): Promise<{ written: number; acknowledged: number[] }> => {
    const text = await primary.admin.info('replication')
    const online = [...text.matchAll(/^slave\d+:.*state=online,offset=(\d+)/gm)]
    return {
      written: Number(/master_repl_offset:(\d+)/.exec(text)?.[1] ?? 0),
      acknowledged: online.map(([, offset]) => Number(offset)),
    }
  }
  const { written } = await read()
  await waitFor(
    async () => {
      const { acknowledged } = await read()
      return acknowledged.filter((offset) => offset > 0 && offset >= written).length >= replicas
    },
    { what: `the replicas of port ${primary.server.port} to be in step`, timeoutMs: 30_000, intervalMs: 20 },
  )
}
