import { Redis } from 'ioredis'
import { type RedisServer, startRedisServer } from '../../../src/testing/redis-server.js'
import { waitFor } from '../../support/wait-for.js'
import { type ChaosProxy, startProxy } from '../proxy.js'
import { type Relay, startRelay } from './relay.js'

interface Node {
  readonly server: RedisServer
  readonly admin: Redis
  /** What the other one replicates through. */
  readonly stream: Relay
}

/** A primary and a replica that replicates asynchronously, behind one address that follows the primary. */
export interface ReplicatedPair extends AsyncDisposable {
  /** Address for clients, whichever server is primary. */
  readonly front: ChaosProxy
  readonly url: string
  readonly primary: Redis
  /** From now on the replica gets nothing of what is written. */
  loseReplication(): void
  /** Makes the replica the primary, with its data; the old primary follows it and drops its own later writes. */
  failOver(): Promise<void>
}

/** Starts the pair, in step. */
export async function startReplicatedPair(): Promise<ReplicatedPair> {
  const create = async (): Promise<Node> => {
    const server = await startRedisServer({
      args: ['--repl-diskless-sync-delay', '0', '--repl-timeout', '5', '--repl-ping-replica-period', '1'],
    })
    const admin = new Redis(server.url, { maxRetriesPerRequest: null })
    admin.on('error', () => {})
    return { server, admin, stream: await startRelay(server.port) }
  }
  let primary = await create()
  let replica = await create()
  const front = await startProxy(primary.server.port)
  const follow = async (): Promise<void> => {
    primary.stream.setLosing(false)
    await replica.admin.replicaof('127.0.0.1', primary.stream.port)
    await waitFor(async () => (await replica.admin.info('replication')).includes('master_link_status:up'), {
      what: 'the replica to be in step',
      intervalMs: 20,
    })
    // The link is up before the stream flows: the primary keeps it back until the replica has spoken once.
    await primary.admin.set('in-step', Date.now())
    const count = await primary.admin.wait(1, 20_000)
    if (count < 1) throw new Error('the replica did not come in step within 20 s')
  }
  await follow()
  return {
    front,
    url: front.url,
    get primary() {
      return primary.admin
    },
    loseReplication: () => primary.stream.setLosing(true),
    async failOver() {
      front.targetPort = replica.server.port
      front.cut()
      await replica.admin.replicaof('NO', 'ONE')
      ;[primary, replica] = [replica, primary]
      front.cut()
      await follow()
    },
    async [Symbol.asyncDispose]() {
      await front.close()
      for (const { admin, stream, server } of [primary, replica]) {
        admin.disconnect()
        await stream.close()
        await server.stop()
      }
    },
  }
}
