import { beforeAll, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { shardOf } from '../../src/redis/keys.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { uniquePrefix } from '../support/redis.js'
import { runCli, temporaryFiles, type CliResult } from './cli-runner.js'

const SHARDS = 6
const cluster = useRedisCluster(3)

beforeAll(async () => {
  // A Cluster whose other slots continue without the node: the default stops all of them.
  for (const index of [0, 1, 2]) await cluster.node(index).config('SET', 'cluster-require-full-coverage', 'no')
})

/** The node that has the slot of a key. */
async function nodeOf(key: string): Promise<number> {
  return Math.floor((Number(await cluster.node(0).call('CLUSTER', 'KEYSLOT', key)) * 3) / 16_384)
}

/** A prefix, a node with some shards of its fleet, and these shards; the layout and the first shard are on other nodes. */
async function placeFleet(): Promise<{ prefix: string; index: number; silent: number[] }> {
  for (;;) {
    const prefix = uniquePrefix('silent')
    const nodes = await Promise.all([0, 1, 2, 3, 4, 5].map((shard) => nodeOf(`{${prefix}:${shard}}`)))
    const layout = await nodeOf(`{${prefix}}`)
    const index = [0, 1, 2].find((node) => node !== layout && node !== nodes[0] && nodes.includes(node))
    if (index === undefined) continue
    return { prefix, index, silent: nodes.flatMap((node, shard) => (node === index ? [shard] : [])) }
  }
}

it('ls, runs and top say that a shard does not answer and show the others, and export writes nothing', async () => {
  const { prefix, index, silent } = await placeFleet()
  const beat = new Everybeat({ redis: cluster.connect(), prefix, shards: SHARDS, logger: false })
  const names = Array.from({ length: 24 }, (_, index) => `s${index}`)
  await beat.schedules.putMany(names.map((name) => ({ name, every: '1h' })))
  for (const name of names) await beat.schedules.trigger(name)
  await beat.stop()
  const left = names.filter((name) => !silent.includes(shardOf(name, SHARDS)))
  const nodes = cluster.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')
  const place = ['--redis', `redis+cluster://${nodes}`, '--prefix', prefix, '--shards', String(SHARDS)]
  const cli = (...parameters: string[]): Promise<CliResult> => runCli([...place, ...parameters])
  const told = `${silent.length === 1 ? 'shard' : 'shards'} ${silent.join(', ')} do`
  await cluster.servers[index]!.kill('SIGSTOP')
  try {
    for (const command of ['ls', 'runs']) {
      const shown = await cli('--json', command)
      expect(shown).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(told) })
      const rows = JSON.parse(shown.stdout) as { name?: string; schedule?: string }[]
      expect(rows.map(({ name, schedule }) => name ?? schedule).sort()).toEqual([...left].sort())
    }
    expect((await cli('top', '--once')).stdout).toContain(told)
    const file = `${temporaryFiles({})}/all.yaml`
    expect(await cli('export', file)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(told) })
    expect(await cli('export')).toMatchObject({ exitCode: 1, stdout: '' })
  } finally {
    await cluster.servers[index]!.kill('SIGCONT')
  }
}, 180_000)
