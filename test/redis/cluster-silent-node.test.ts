import { afterEach, beforeAll, expect, it } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { shardOf } from '../../src/redis/keys.js'
import { uniquePrefix } from '../support/redis.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { waitFor } from '../support/wait-for.js'

const SHARDS = 6
const cluster = useRedisCluster(3)
let instances: Everybeat[] = []

beforeAll(async () => {
  // A Cluster whose other slots continue without the node: the default stops all of them.
  for (const index of [0, 1, 2]) await cluster.node(index).config('SET', 'cluster-require-full-coverage', 'no')
})

afterEach(async () => {
  await Promise.all(instances.map((beat) => beat.stop({ timeoutMs: 0 })))
  instances = []
})

function create(prefix: string, options: EverybeatOptions = {}): Everybeat {
  const beat = new Everybeat({ redis: cluster.connect(), prefix, shards: SHARDS, logger: false, ...options })
  instances.push(beat)
  return beat
}

/** A name on each shard. */
function oneOnEach(): string[] {
  const names: string[] = []
  for (let index = 0; names.filter(Boolean).length < SHARDS; index++)
    names[shardOf(`s${index}`, SHARDS)] ??= `s${index}`
  return names
}

/** The node that has the slot of a key. */
async function nodeOf(key: string): Promise<number> {
  return Math.floor((Number(await cluster.node(0).call('CLUSTER', 'KEYSLOT', key)) * 3) / 16_384)
}

/**
 * A prefix, a node that has the layout of its fleet and some of its shards, and these shards. The first shard, which knows
 * the workers, is on another node: it answers.
 */
async function placeFleet(): Promise<{ prefix: string; index: number; shards: number[] }> {
  for (;;) {
    const prefix = uniquePrefix('silent')
    const index = await nodeOf(`{${prefix}}`)
    const nodes = await Promise.all([0, 1, 2, 3, 4, 5].map((shard) => nodeOf(`{${prefix}:${shard}}`)))
    const shards = nodes.flatMap((node, shard) => (node === index ? [shard] : []))
    if (shards.length > 0 && !shards.includes(0)) return { prefix, index, shards }
  }
}

async function knowsEachNode(index: number): Promise<boolean> {
  return !String(await cluster.node(index).call('CLUSTER', 'NODES')).includes('fail')
}

it.each([
  ['hangs', 'SIGSTOP'],
  ['is dead', 'SIGKILL'],
] as const)(
  'list, diagnose and health give the data of the other nodes when a node of a Cluster %s',
  async (_, signal) => {
    const { prefix, index, shards } = await placeFleet()
    const begin = new Date()
    const control = create(prefix)
    const worker = create(prefix)
    const errors: string[] = []
    worker.on('error', ({ context, message }) => void errors.push(`${context}: ${message}`))
    worker.task('tick', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
    await control.schedules.putMany(oneOnEach().map((name) => ({ name, task: 'tick', every: '1s' })))
    await worker.start()
    await waitFor(async () => (await control.schedules.runs()).length === SHARDS, { what: 'a run on each shard' })
    expect(await control.schedules.count()).toBe(SHARDS)
    await cluster.servers[index]!.kill(signal)
    try {
      const page = await control.schedules.list()
      expect(page.unreachableShards).toEqual(shards)
      expect(page.map(({ name }) => shardOf(name, SHARDS)).sort()).toEqual(
        [0, 1, 2, 3, 4, 5].filter((shard) => !shards.includes(shard)),
      )
      for (const order of ['next', 'last'] as const) {
        const ordered = await control.schedules.list({ order })
        expect(ordered.map(({ name }) => name).sort()).toEqual(page.map(({ name }) => name).sort())
        expect(ordered.unreachableShards).toEqual(shards)
      }
      const runs = await control.schedules.runs()
      expect(runs.unreachableShards).toEqual(shards)
      expect(runs.map(({ schedule }) => schedule).sort()).toEqual(page.map(({ name }) => name).sort())
      const activity = await control.schedules.activity({ from: begin, to: new Date() })
      expect(activity.unreachableShards).toEqual(shards)
      const noun = shards.length === 1 ? 'shard' : 'shards'
      for (const read of [() => control.schedules.count(), () => control.figures()]) {
        await expect(read()).rejects.toMatchObject({
          code: 'ERR_EVERYBEAT_CONNECTION',
          message: expect.stringContaining(`${noun} ${shards.join(', ')} of ${SHARDS}`),
        })
      }
      const { ok, findings } = await control.diagnose()
      expect(ok).toBe(false)
      const missing = findings.filter(({ check }) => check === 'unreachable').map(({ message }) => message)
      for (const shard of shards) expect(missing).toContain(`shard ${shard} does not answer`)
      await waitFor(() => shards.every((shard) => worker.health().unreachableShards.includes(shard)), {
        what: 'the health of the worker to name the shards',
        timeoutMs: 40_000,
      })
      expect(worker.health().ok).toBe(false)
      // The layout, which is looked at every 5 s, has a key on the silent node: what it was holds on.
      expect((await control.schedules.list()).unreachableShards).toEqual(shards)
      // Each message of each operation once, whatever the number of tries.
      expect(errors).toEqual([...new Set(errors)])
    } finally {
      if (signal === 'SIGSTOP') await cluster.servers[index]!.kill('SIGCONT')
      else await cluster.servers[index]!.restart()
    }
    await waitFor(async () => (await Promise.all([0, 1, 2].map(knowsEachNode))).every(Boolean), {
      what: 'the nodes to find each other again',
      timeoutMs: 40_000,
    })
    await waitFor(async () => (await control.schedules.list()).unreachableShards === undefined, {
      what: 'the whole list',
      timeoutMs: 40_000,
    })
  },
  120_000,
)
