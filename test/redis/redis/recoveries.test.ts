import { describe, expect, it } from 'vitest'
import type { ClaimedRun, SettleOutcome, Settlement } from '../../../src/worker/store.js'
import { useRedis } from '../../support/redis.js'
import {
  createDaily,
  DAY,
  pastDays,
  settlementOf,
  SHORT_LEASE_MS,
  type ScriptedWorker,
} from '../../support/scripted-fleet.js'

const redis = useRedis()

/** A fleet of two workers with a number of due occurrences of one schedule. */
async function createDue(count: number) {
  const fleet = await createDaily(redis, { misfireGrace: '999d' })
  const instants = pastDays(count)
  await fleet.plan('it', instants.join(' '), instants[0]! - DAY)
  return { fleet, one: fleet.worker('one'), other: fleet.worker('other') }
}

async function end(worker: ScriptedWorker, about: Partial<Settlement> = {}): Promise<SettleOutcome> {
  return await worker.settle(await worker.claimOne(), about)
}

describe('a settlement of a run that succeeded', () => {
  it('the first success after failures on another worker is answered with recovered, and the next success is not', async () => {
    const { one, other } = await createDue(5)
    expect(await end(one)).toBe('settled')
    expect(await end(one, { outcome: 'failed' })).toBe('settled')
    expect(await end(one, { outcome: 'failed' })).toBe('settled')
    expect(await end(other)).toBe('recovered')
    expect(await end(one)).toBe('settled')
  })

  it('a cancelled run is no failure, and ends no failures', async () => {
    const { one, other } = await createDue(5)
    expect(await end(one, { outcome: 'cancelled', reason: 'cancelled' })).toBe('settled')
    expect(await end(other)).toBe('settled')
    expect(await end(one, { outcome: 'failed' })).toBe('settled')
    expect(await end(one, { outcome: 'cancelled', reason: 'cancelled' })).toBe('settled')
    expect(await end(other)).toBe('recovered')
  })

  it('a success after the resume of a schedule that failures had paused is answered with recovered', async () => {
    const { fleet, one } = await createDue(2)
    expect(await end(one, { outcome: 'failed', pauseAfter: 1 })).toBe('paused')
    await fleet.control.schedules.resume('it')
    expect(await fleet.control.schedules.get('it')).not.toHaveProperty('failures')
    await fleet.plan('it', String(pastDays(1)[0]), pastDays(2)[0])
    expect(await end(one)).toBe('recovered')
  })

  it('a success after the resume of a schedule that a person had paused is answered with settled', async () => {
    const { fleet, one } = await createDue(2)
    expect(await end(one)).toBe('settled')
    await fleet.control.schedules.pause('it')
    await fleet.control.schedules.resume('it')
    await fleet.plan('it', String(pastDays(1)[0]), pastDays(2)[0])
    expect(await end(one)).toBe('settled')
  })

  it('a success after a run that a stopping worker abandoned is answered with recovered, and no failure is counted', async () => {
    const { fleet, one, other } = await createDue(2)
    expect(await end(one, { outcome: 'abandoned', reason: 'shutdown' })).toBe('abandoned')
    expect(await fleet.control.schedules.get('it')).not.toHaveProperty('failures')
    expect(await end(other)).toBe('recovered')
  })

  it('a success after a run whose worker died is answered with recovered', async () => {
    const { fleet, other } = await createDue(2)
    const dying = fleet.worker('dying', SHORT_LEASE_MS)
    await dying.claimOne()
    expect(await fleet.giveUp(dying)).toBe('abandoned')
    expect(await end(other)).toBe('recovered')
  })

  it('several runs of one schedule in one call: only the first success after the failure is answered with recovered', async () => {
    const fleet = await createDaily(redis, { misfireGrace: '999d', overlap: 'allow' })
    const instants = pastDays(4)
    await fleet.plan('it', instants.join(' '), instants[0]! - DAY)
    const worker = fleet.worker('w')
    const runs: ClaimedRun[] = []
    for (const _ of instants) runs.push(await worker.claimOne())
    const outcomes = ['ok', 'failed', 'ok', 'ok'] as const
    const settlements = outcomes.map((outcome, index) => settlementOf(runs[index]!, { outcome }))
    expect(await worker.store.settle(settlements)).toEqual(['settled', 'settled', 'recovered', 'settled'])
  })

  it('a settlement that is sent again because its reply was lost gets the same answer, also after later runs', async () => {
    const { one, other } = await createDue(5)
    expect(await end(one, { outcome: 'failed' })).toBe('settled')
    expect(await end(one, { outcome: 'cancelled', reason: 'cancelled' })).toBe('settled')
    const recovering = await other.claimOne()
    expect(await other.settle(recovering)).toBe('recovered')
    expect(await other.settle(recovering)).toBe('recovered')
    const after = await other.claimOne()
    expect(await other.settle(after)).toBe('settled')
    expect(await other.settle(after)).toBe('settled')
    expect(await end(one, { outcome: 'failed' })).toBe('settled')
    expect(await other.settle(recovering)).toBe('recovered')
    expect(await other.settle(after)).toBe('settled')
  })
})
