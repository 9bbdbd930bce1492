import { expect, it } from 'vitest'
import type { ClaimedRun } from '../../../src/worker/store.js'
import { useRedis } from '../../support/redis.js'
import { createDaily, pastDays, settlementOf } from '../../support/scripted-fleet.js'

const redis = useRedis()
const instants = pastDays(250)

/** A fleet whose schedule has many runs at the same time on one worker. */
async function startMany() {
  const fleet = await createDaily(redis, { overlap: 'allow', misfireGrace: '999d' })
  await fleet.plan('it', instants.join(' '), instants[0]! - 1)
  const worker = fleet.worker('w')
  const runs: ClaimedRun[] = []
  for (const _ of instants) runs.push(await worker.claimOne())
  return { fleet, worker, runs }
}

it('a settlement that is sent again because its reply was lost is recognized, however many runs of its schedule have ended since', async () => {
  const { fleet, worker, runs } = await startMany()
  const settlements = runs.map((run) => settlementOf(run))
  const settled = runs.map(() => 'settled')
  expect(await worker.store.settle(settlements)).toEqual(settled)
  const before = await fleet.everything()
  expect(await worker.store.settle(settlements)).toEqual(settled)
  // Also where each comes in a call of its own, and where one of them failed.
  expect(await worker.settle(runs[0]!)).toBe('settled')
  expect(await worker.settle(runs[0]!, { outcome: 'failed', errorText: 'no luck' })).toBe('forgotten')
  expect(await worker.settle({ ...runs[0]!, fence: runs[0]!.fence + 1_000_000 })).toBe('forgotten')
  expect(await fleet.everything()).toEqual(before)
})
