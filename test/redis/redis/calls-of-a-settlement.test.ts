import { expect, it } from 'vitest'
import { countCommands } from '../../support/command-counts.js'
import { useRedis } from '../../support/redis.js'
import { createDaily, DAY, pastDays } from '../../support/scripted-fleet.js'

const redis = useRedis()
const [first, second] = pastDays(2) as [number, number]

/** How often a settlement calls these, for the first entry of a history and for the next one. */
async function countSettlements() {
  const fleet = await createDaily(redis)
  const worker = fleet.worker('w')
  const rounds: Record<string, number>[] = []
  for (const instant of [first, second]) {
    await fleet.plan('it', `${instant} ${instant + DAY}`, instant - DAY)
    const run = await worker.claimOne()
    const counts = await countCommands(redis.url, async () => {
      expect(await worker.settle(run)).toBe('settled')
    })
    rounds.push(
      Object.fromEntries(['evalsha', 'xadd', 'exists', 'copy', 'hincrby'].map((name) => [name, counts.get(name) ?? 0])),
    )
  }
  return { rounds, outcomes: await fleet.outcomes('it') }
}

it('a settlement writes its entry with one command and its count with another, and the first entry of a history is made compact once', async () => {
  const { rounds, outcomes } = await countSettlements()
  expect(rounds).toEqual([
    { evalsha: 1, xadd: 2, exists: 0, copy: 1, hincrby: 1 },
    { evalsha: 1, xadd: 1, exists: 0, copy: 0, hincrby: 1 },
  ])
  expect(outcomes).toEqual([`ok ${first}`, `ok ${second}`])
})

it('the first entry of a history and the next one have the same fields in the same order, with and without a result', async () => {
  const fleet = await createDaily(redis)
  const worker = fleet.worker('w')
  for (const instant of [first, second]) {
    await fleet.plan('it', `${instant} ${instant + DAY}`, instant - DAY)
    expect(await worker.settle(await worker.claimOne(), { resultText: instant === first ? '' : '1' })).toBe('settled')
  }
  const entries = await fleet.client.xrange(fleet.keys.history('it'), '-', '+')
  const [before, after] = entries.map(([, flat]) => flat.filter((_, index) => index % 2 === 0))
  expect(before).toEqual(['at', 'outcome', 'ran'])
  expect(after).toEqual([...before!, 'result'])
})
