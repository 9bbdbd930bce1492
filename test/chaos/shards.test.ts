import { describe, expect, it } from 'vitest'
import { describeResult, runFailovers } from './harness/failovers.js'
import { SHARD_COUNT, startShardGroup } from './harness/shard-faults.js'

/** More of them: `CHAOS_FAILOVERS=10 npx vitest run --project chaos test/chaos/shards.test.ts`. */
const COUNT = Number(process.env['CHAOS_FAILOVERS'] ?? 2)
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000))

const FAULTS = [
  ['a node that hangs', 'hanging'],
  ['shards that one worker cannot see, while the others die', 'unseen'],
] as const

describe('a Cluster of three nodes with six shards', () => {
  it.each(FAULTS)(
    'no occurrence of a Cluster of three nodes with six shards is lost or doubled, and each is recorded in time: %s',
    async (what, kind) => {
      await using group = await startShardGroup()
      const series = { group, count: COUNT, seed: SEED, shards: SHARD_COUNT, options: {}, kinds: [kind] }
      const result = await runFailovers(series)
      process.stderr.write(describeResult(what, series, result))
      expect(result.problems, `CHAOS_SEED=${SEED}`).toEqual([])
      expect(result).toMatchObject({ doubled: 0, lost: 0, unrecorded: 0, isComplete: true })
      expect(result.started).toBeGreaterThan(result.checked / 3)
    },
  )
})
