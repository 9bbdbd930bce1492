import { describe, expect, it, onTestFinished } from 'vitest'
import { startRedisServer } from '../../src/testing/redis-server.js'
import { startClusterGroup } from './harness/cluster.js'
import type { FailoverGroup, FailoverKind } from './harness/failover-node.js'
import { describeResult, type FailoverResult, runFailovers } from './harness/failovers.js'
import { startSentinelGroup } from './harness/sentinel.js'

/** More of them: `CHAOS_FAILOVERS=25 npx vitest run --project chaos test/chaos/groups.test.ts -t 'Cluster.*durability'`. */
const FAILOVERS = Number(process.env['CHAOS_FAILOVERS'] ?? 2)
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000))

interface Group {
  title: string
  start: () => Promise<FailoverGroup>
  shards: number
  /** As many as may be promoted: the sentinels may choose the one that has less. */
  replicas: number
  kinds: string
}

const GROUPS: readonly Group[] = [
  {
    title: 'Cluster: three primaries, three replicas',
    start: startClusterGroup,
    shards: 3,
    replicas: 1,
    kinds: 'killed-behind,planned,forced-behind,killed',
  },
  {
    title: 'Sentinel: a primary, two replicas',
    start: startSentinelGroup,
    shards: 1,
    replicas: 2,
    kinds: 'killed-behind,planned,killed,killed-behind,killed,killed-behind,forced-behind,killed',
  },
]

describe.each(GROUPS)('failovers of $title', ({ title, start, shards, ...group }) => {
  const replicas = Number(process.env['CHAOS_REPLICAS'] ?? group.replicas)
  const kinds = (process.env['CHAOS_KINDS'] ?? group.kinds).split(',') as FailoverKind[]

  async function failOver(what: string, options: Record<string, unknown>): Promise<FailoverResult> {
    await using group = await start()
    const series = { group, count: FAILOVERS, seed: SEED, shards, options, kinds }
    const result = await runFailovers(series)
    process.stderr.write(describeResult(`${title}, ${what}`, series, result))
    for (const problem of result.problems) process.stderr.write(`  ${problem}\n`)
    return result
  }

  it('failovers lose no occurrence, and repeat the runs that no replica knows, without further measures', async () => {
    const result = await failOver('asynchronous', {})
    expect(result.isComplete).toBe(true)
  })

  it('failovers start no run twice with durability', async () => {
    const result = await failOver('durability', { durability: { replicas, timeoutMs: 200 } })
    expect(result).toMatchObject({ doubled: 0, lost: 0, unrecorded: 0, isComplete: true })
  })

  it('failovers start no run twice with lockNodes', async () => {
    const nodes = await Promise.all([1, 2, 3].map(() => startRedisServer()))
    onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))))
    const result = await failOver('lockNodes', { lockNodes: nodes.map(({ url }) => url) })
    expect(result).toMatchObject({ doubled: 0, isComplete: true })
  })
})
