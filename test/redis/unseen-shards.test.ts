import { Cluster } from 'ioredis'
import { expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { shardOf } from '../../src/redis/keys.js'
import { startProxy, type ChaosProxy } from '../chaos/proxy.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { uniquePrefix } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const SHARDS = 6
const LEASE_MS = 2_000
const cluster = useRedisCluster(3)

/** The node that has the slot of a key. */
async function nodeOf(key: string): Promise<number> {
  return Math.floor((Number(await cluster.node(0).call('CLUSTER', 'KEYSLOT', key)) * 3) / 16_384)
}

/** A prefix whose shards 2, 3 and 4, which the first worker of two or three maintains, are not on the node of shard 0. */
async function placeFleet(): Promise<{ prefix: string; home: number }> {
  for (let tries = 0; tries < 1_000; tries++) {
    const prefix = uniquePrefix('unseen')
    const [home, ...others] = await Promise.all([0, 2, 3, 4].map((shard) => nodeOf(`{${prefix}:${shard}}`)))
    if (!others.includes(home!)) return { prefix, home: home! }
  }
  throw new Error('no prefix has its shards where this test needs them')
}

/** A client of the Cluster that reaches each node through a proxy of its own. */
async function connectThroughProxies(): Promise<{ client: Cluster; proxies: ChaosProxy[] }> {
  const proxies = await Promise.all(cluster.servers.map(({ port }) => startProxy(port)))
  const natMap = Object.fromEntries(
    cluster.servers.map(({ port }, node) => [`127.0.0.1:${port}`, { host: '127.0.0.1', port: proxies[node]!.port }]),
  )
  const startNodes = proxies.map(({ port }) => ({ host: '127.0.0.1', port }))
  const client = new Cluster(startNodes, { natMap }).on('error', () => {})
  onTestFinished(async () => {
    client.disconnect()
    await Promise.all(proxies.map((proxy) => proxy.close()))
  })
  return { client, proxies }
}

it('the runs of a dead worker are delivered again on quiet shards that the elected worker cannot reach', async () => {
  const { prefix, home } = await placeFleet()
  const shared = { prefix, shards: SHARDS, leaseMs: LEASE_MS, logger: false } as const
  const [blindSide, deadSide] = [await connectThroughProxies(), await connectThroughProxies()]
  const blind = new Everybeat({ ...shared, redis: blindSide.client })
  const dying = new Everybeat({ ...shared, redis: deadSide.client })
  const helper = new Everybeat({ ...shared, redis: cluster.connect() })
  onTestFinished(async () => {
    for (const proxy of [...blindSide.proxies, ...deadSide.proxies]) proxy.isBlackHole = false
    await Promise.all([blind, dying, helper].map((beat) => beat.stop({ timeoutMs: 0 })))
  })
  const begun: string[] = []
  dying.task('long', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
  helper.task('long', ({ schedule }) => void begun.push(schedule))
  // The first worker to join does the maintenance of every second or third shard, whatever the other workers.
  await blind.start()
  await dying.start()
  const names: string[] = []
  for (let index = 0; names.filter(Boolean).length < SHARDS; index++)
    names[shardOf(`s${index}`, SHARDS)] ??= `s${index}`
  const at = new Date()
  await helper.schedules.putMany(names.map((name) => ({ name, task: 'long', at, onCrash: 'rerun' as const })))
  await waitFor(async () => (await helper.schedules.runs({ state: 'running' })).length === SHARDS, {
    what: 'a run on each shard',
  })
  await helper.start()
  for (const [node, proxy] of blindSide.proxies.entries()) proxy.isBlackHole = node !== home
  for (const proxy of deadSide.proxies) proxy.isBlackHole = true
  await waitFor(() => new Set(begun).size === SHARDS, { what: 'every run to be delivered again', timeoutMs: 60_000 })
  expect([...begun].sort()).toEqual([...names].sort())
}, 120_000)
