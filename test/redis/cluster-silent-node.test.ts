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
  // A Cluster whose other slots go on without the node: the default stops all of them.
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

/** The node that has most of the shards, and these shards. */
async function busiestNode(prefix: string): Promise<{ index: number; shards: number[] }> {
  const shardsOf = await Promise.all(
    [0, 1, 2].map(async (index) => {
      const tags = (await cluster.node(index).keys(`{${prefix}:*}:names`)).map((key) =>
        Number(/:(\d+)\}/.exec(key)![1]),
      )
      return { index, shards: tags.sort((one, other) => one - other) }
    }),
  )
  // The first shard knows the fleet: here it answers.
  const others = shardsOf.filter(({ shards }) => !shards.includes(0) && shards.length > 0)
  return others.sort((one, other) => other.shards.length - one.shards.length)[0]!
}

it.each([
  ['hangs', 'SIGSTOP'],
  ['is dead', 'SIGKILL'],
] as const)(
  'a node of a Cluster that %s leaves list, diagnose and health with what the others have',
  async (_, signal) => {
    const prefix = uniquePrefix('silent')
    const control = create(prefix)
    const worker = create(prefix)
    const errors: string[] = []
    worker.on('error', ({ context, message }) => void errors.push(`${context}: ${message}`))
    worker.task('tick', () => null)
    await control.schedules.putMany(oneOnEach().map((name) => ({ name, task: 'tick', every: '1s' })))
    await worker.start()
    const { index, shards } = await busiestNode(prefix)
    await cluster.servers[index]!.kill(signal)
    try {
      const page = await control.schedules.list()
      expect(page.unreachableShards).toEqual(shards)
      expect(page.map(({ name }) => shardOf(name, SHARDS)).sort()).toEqual(
        [0, 1, 2, 3, 4, 5].filter((shard) => !shards.includes(shard)),
      )
      const { ok, findings } = await control.diagnose()
      expect(ok).toBe(false)
      const missing = findings.filter(({ check }) => check === 'unreachable').map(({ message }) => message)
      for (const shard of shards) expect(missing).toContain(`shard ${shard} does not answer`)
      await waitFor(() => shards.every((shard) => worker.health().unreachableShards.includes(shard)), {
        what: 'the health of the worker to name the shards',
        timeoutMs: 40_000,
      })
      expect(worker.health().ok).toBe(false)
      // Each message of each operation once, whatever the number of tries.
      expect(errors).toEqual([...new Set(errors)])
    } finally {
      if (signal === 'SIGSTOP') await cluster.servers[index]!.kill('SIGCONT')
      else await cluster.servers[index]!.restart()
    }
    await waitFor(async () => (await control.schedules.list()).unreachableShards === undefined, {
      what: 'the whole list',
      timeoutMs: 40_000,
    })
  },
  120_000,
)
