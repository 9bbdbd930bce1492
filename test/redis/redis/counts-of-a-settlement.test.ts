import { describe, expect, it } from 'vitest'
import { runScript } from '../../../src/redis/scripts/run-script.js'
import type { ClaimedRun } from '../../../src/worker/store.js'
import { countCommands } from '../../support/command-counts.js'
import { useRedis } from '../../support/redis.js'
import { createDaily, DAY, pastDays, settlementOf, type ScriptedFleet } from '../../support/scripted-fleet.js'

const redis = useRedis()

/** A fleet with a number of runs of one schedule at the same time, and its worker. */
async function startRuns(count: number) {
  const fleet = await createDaily(redis, { overlap: 'allow', misfireGrace: '999d' })
  const instants = pastDays(count)
  await fleet.plan('it', instants.join(' '), instants[0]! - DAY)
  const worker = fleet.worker('w')
  const runs: ClaimedRun[] = []
  for (const _ of instants) runs.push(await worker.claimOne())
  return { fleet, worker, runs }
}

/** The counts of all minutes as one: a test may see the minute change. */
async function readCounts({ client, keys }: ScriptedFleet): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const key of await client.keys(`${keys.tag}:minute:*`)) {
    for (const [field, count] of Object.entries(await client.hgetall(key)))
      sums[field] = (sums[field] ?? 0) + Number(count)
  }
  return sums
}

describe('the counts of a settlement', () => {
  it('a settlement of many runs counts each, with one command for each kind of end', async () => {
    const { fleet, worker, runs } = await startRuns(12)
    const settlements = runs.map((run, index) => settlementOf(run, { durationMs: index < 4 ? 1 : 6, latenessMs: 2 }))
    const counts = await countCommands(redis.url, async () => {
      expect(await worker.store.settle(settlements)).toEqual(runs.map(() => 'settled'))
    })
    // A call that meets the change of the minute counts in the minute in which it began.
    expect(counts.get('hincrby')).toBe(2)
    expect(await readCounts(fleet)).toEqual({ 'ok:2:1': 4, 'ok:2:3': 8 })
  })

  it('a settlement that is sent again counts only what it had not recorded before', async () => {
    const { fleet, worker, runs } = await startRuns(4)
    const settlements = runs.map((run) => settlementOf(run, { durationMs: 1, latenessMs: 0 }))
    await worker.store.settle(settlements.slice(0, 3))
    expect(await worker.store.settle(settlements)).toEqual(runs.map(() => 'settled'))
    expect(await readCounts(fleet)).toEqual({ 'ok:0:1': 4 })
    await worker.store.settle(settlements)
    expect(await readCounts(fleet)).toEqual({ 'ok:0:1': 4 })
  })

  it('a run that ended ok after the end of its lease is not counted as ok', async () => {
    const { fleet, worker, runs } = await startRuns(2)
    await fleet.client.del(fleet.keys.runLease(runs[1]!.runId))
    const settlements = runs.map((run) => settlementOf(run, { durationMs: 1, latenessMs: 0 }))
    expect(await worker.store.settle(settlements)).toEqual(['settled', 'abandoned'])
    expect(await readCounts(fleet)).toEqual({ 'ok:0:1': 1, 'abandoned:0:0': 1 })
  })

  it('a run that was cancelled and then failed is counted as cancelled', async () => {
    const { fleet, worker, runs } = await startRuns(1)
    await fleet.control.schedules.cancel(runs[0]!.runId)
    expect(await worker.settle(runs[0]!, { outcome: 'failed', durationMs: 3, latenessMs: 9 })).toBe('settled')
    expect(await readCounts(fleet)).toEqual({ 'cancelled:4:2': 1 })
  })

  it('the worker and the script count all times on the same scale', async () => {
    const times = [0, 1, 2, 3, 4, 7, 8, 1023, 1024, 2 ** 30, 2 ** 31 - 1, 2 ** 31, 2 ** 40]
    const { fleet, worker, runs } = await startRuns(2 * times.length)
    for (const [index, ms] of times.entries()) {
      const about = { durationMs: ms, latenessMs: ms }
      const [one, other] = [runs[2 * index]!, runs[2 * index + 1]!]
      await worker.store.settle([settlementOf(one, about), settlementOf(other, { ...about, outcome: 'failed' })])
    }
    const counts = await readCounts(fleet)
    const ofFailed = Object.entries(counts).filter(([field]) => field.startsWith('failed:'))
    expect(ofFailed.map(([field]) => field).sort()).toEqual(
      [0, 1, 2, 3, 4, 10, 11, 31].map((step) => `failed:${step}:${step}`).sort(),
    )
    for (const [field, count] of ofFailed) expect(counts[field.replace('failed', 'ok')]).toBe(count)
  })

  it('a participant that sends the outcome ok alone has its runs counted on the same scale', async () => {
    const { fleet, worker, runs } = await startRuns(1)
    const { runId, fence } = runs[0]!
    const [, answer] = await runScript(fleet.client, 'settle-runs', {
      keys: { running: fleet.keys.running },
      args: { tag: fleet.keys.tag, channel: fleet.keys.wake, worker_id: worker.id, announces: 0 },
      rest: [6, 'it', runId, fence, 'ok', 5, 1],
    })
    expect(answer).toBe('settled')
    expect(await readCounts(fleet)).toEqual({ 'ok:1:3': 1 })
    expect(await fleet.outcomes('it')).toEqual([`ok ${runs[0]!.nominalMs}`])
  })
})
