import { setTimeout as sleep } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { createKeys } from '../../src/redis/keys.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { waitFor } from '../support/wait-for.js'

const STEP_MS = 100
const cluster = useRedisCluster(3)

/**
 * Moves a slot with its keys to another node, key by key, as `redis-cli --cluster reshard` does.
 *
 * @param halfway called when all keys but those of this schedule have moved
 */
async function move(slot: number, from: number, to: number, last = '', halfway = async () => {}): Promise<void> {
  const nodes = [0, 1, 2].map((index) => cluster.node(index))
  const [fromId, toId] = await Promise.all(
    [from, to].map(async (index) => String(await nodes[index]!.call('CLUSTER', 'MYID'))),
  )
  await nodes[to]!.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId!)
  await nodes[from]!.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId!)
  let isHalfway = false
  for (;;) {
    const all = (await nodes[from]!.call('CLUSTER', 'GETKEYSINSLOT', slot, 1_000)) as string[]
    if (all.length === 0) break
    const others = all.filter((key) => last === '' || !key.endsWith(`:${last}`))
    if (others.length === 0 && !isHalfway) {
      isHalfway = true
      await halfway()
    }
    const keys = (others.length > 0 ? others : all).slice(0, 2)
    await nodes[from]!.call('MIGRATE', '127.0.0.1', cluster.servers[to]!.port, '', 0, 5_000, 'KEYS', ...keys)
    // In between calls of the worker meet a slot of which one half is here and one there.
    await sleep(10)
  }
  for (const node of [nodes[to]!, ...nodes]) await node.call('CLUSTER', 'SETSLOT', slot, 'NODE', toId!)
}

/** How many script calls a node has refused. */
async function refusals(node: number): Promise<number> {
  const stats = await cluster.node(node).info('commandstats')
  return Number(/cmdstat_evalsha:.*rejected_calls=(\d+)/.exec(stats)?.[1] ?? 0)
}

it('a run that ends during the move of its shard to another node is settled after the move', async () => {
  const keys = createKeys('halved', 0, 1)
  const client = cluster.connect()
  await using beat = new Everybeat({ redis: cluster.connect(), prefix: 'halved', leaseMs: 20_000, logger: false })
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => (end = resolve))
  const starts: string[] = []
  beat.task('work', async ({ id }) => {
    starts.push(id)
    await ended
  })
  await beat.start()
  await beat.schedules.put('late', { task: 'work', at: new Date() })
  await waitFor(() => starts.length > 0, { what: 'the run' })
  const slot = Number(await client.call('CLUSTER', 'KEYSLOT', keys.due))
  const from = Math.floor((slot * 3) / 16_384)
  const to = (from + 1) % 3
  await move(slot, from, to, 'late', async () => {
    const before = await refusals(to)
    end()
    await waitFor(async () => (await refusals(to)) >= before + 3, { what: 'calls of the worker', intervalMs: 50 })
    expect(await cluster.node(from).exists(keys.state('late'))).toBe(1)
  })
  const settled = await waitFor(
    async () => {
      const entries = await client.xrange(keys.history('late'), '-', '+')
      return entries.length > 0 && entries.map(([, flat]) => flat[flat.indexOf('outcome') + 1])
    },
    { what: 'the settlement' },
  )
  expect(settled).toEqual(['ok'])
  expect(starts).toHaveLength(1)
})

it('the move of a shard to another node under load starts nothing twice, and loses nothing', async () => {
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
    return new Set(lists.flatMap((entries, index) => entries.map(([, flat]) => `${names[index]}@${flat[1]}`)))
  }
  await waitFor(async () => await recorded().then((known) => due.every((id) => known.has(id))), {
    what: 'all occurrences to be recorded',
  })
  expect([...starts].filter(([, count]) => count > 1)).toEqual([])
  const unstarted = due.filter((id) => !starts.has(id))
  expect(unstarted.length).toBeLessThan(due.length / 10)
})
