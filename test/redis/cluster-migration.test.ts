import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { createKeys } from '../../src/redis/keys.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { waitFor } from '../support/wait-for.js'

const STEP_MS = 100
const cluster = useRedisCluster(3)

/** Moves a slot with its keys to another node, key by key, as `redis-cli --cluster reshard` does. */
async function move(slot: number, from: number, to: number): Promise<void> {
  const nodes = [0, 1, 2].map((index) => cluster.node(index))
  const [fromId, toId] = await Promise.all(
    [from, to].map(async (index) => String(await nodes[index]!.call('CLUSTER', 'MYID'))),
  )
  await nodes[to]!.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId!)
  await nodes[from]!.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId!)
  for (;;) {
    const keys = (await nodes[from]!.call('CLUSTER', 'GETKEYSINSLOT', slot, 2)) as string[]
    if (keys.length === 0) break
    await nodes[from]!.call('MIGRATE', '127.0.0.1', cluster.servers[to]!.port, '', 0, 5_000, 'KEYS', ...keys)
    // In between calls of the worker meet a slot of which one half is here and one there.
    await sleep(10)
  }
  for (const node of [nodes[to]!, ...nodes]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId!)
}

it('a shard goes to another node with its keys, under load: nothing starts twice, and nothing is lost', async () => {
  const keys = createKeys('moving', 0, 1)
  const client = cluster.connect()
  await using beat = new Everybeat({ redis: cluster.connect(), prefix: 'moving', leaseMs: 1_000, logger: false })
  const starts = new Map<string, number>()
  beat.task('tick', ({ id }) => void starts.set(id, (starts.get(id) ?? 0) + 1))
  const names = ['a', 'b', 'c']
  for (const name of names) {
    await beat.schedules.put(name, { task: 'tick', every: STEP_MS, overlap: 'allow', misfire: 'all' })
  }
  await beat.start()
  await waitFor(() => starts.size > 5, { what: 'runs' })
  const fromMs = Date.now()
  const slot = Number(await client.call('CLUSTER', 'KEYSLOT', keys.due))
  let at = Math.floor((slot * 3) / 16_384)
  for (let round = 0; round < 6; round += 1) {
    await move(slot, at, (at + 1) % 3)
    at = (at + 1) % 3
    const before = starts.size
    await waitFor(() => starts.size > before + 5, { what: 'runs at the new place' })
  }
  const toMs = Date.now()
  const due = names.flatMap((name) => {
    const ids: string[] = []
    for (let nominal = Math.ceil(fromMs / STEP_MS) * STEP_MS; nominal <= toMs; nominal += STEP_MS)
      ids.push(`${name}@${nominal}`)
    return ids
  })
  const recorded = async (): Promise<Set<string>> => {
    const lists = await Promise.all(names.map((name) => client.xrange(keys.history(name), '-', '+')))
    return new Set(lists.flat().map(([, flat]) => flat[flat.indexOf('run') + 1]!))
  }
  await waitFor(async () => await recorded().then((known) => due.every((id) => known.has(id))), {
    what: 'all to be recorded',
    timeoutMs: 20_000,
  })
  expect([...starts].filter(([, count]) => count > 1)).toEqual([])
  const unstarted = due.filter((id) => !starts.has(id))
  expect(unstarted.length).toBeLessThan(due.length / 10)
})
