import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Everybeat, type HistoryEntry } from '../../src/index.js'
import { createFakeClock } from '../support/fake-clock.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { ensureTool } from '../support/tools.js'
import { readServerTime } from '../support/server-time.js'
import { waitFor } from '../support/wait-for.js'
import { spawnWorker, type WorkerProcess } from '../support/worker-process.js'

const redis = useRedis()
const WORKER = new URL('../support/fixtures/beat-worker.mjs', import.meta.url)
const SECOND = 1_000
const RUN_SECONDS = 20
const NAMES = Array.from({ length: 20 }, (_, index) => `second-${index}`)
/** Ends between two seconds: what a dead worker held up is over before the next occurrence, which it would overlap. */
const LEASE_MS = 1_500
/** Far beyond what a shared machine may delay, far below the hour by which the wrong clocks are off. */
const LATE_MS = 60_000

interface Fleet {
  beat: Everybeat
  prefix: string
  workers: WorkerProcess[]
  spawn(env?: Record<string, string>): Promise<WorkerProcess>
}

async function startFleet(envs: Record<string, string>[], payload = { ms: 5 }): Promise<Fleet> {
  const prefix = uniquePrefix('fleet')
  const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  const spawn = (env: Record<string, string> = {}) =>
    spawnWorker({
      fixture: WORKER,
      settings: { options: { redis: redis.url, prefix, leaseMs: LEASE_MS } },
      env,
    })
  const workers = await Promise.all(envs.map(spawn))
  await beat.schedules.putMany(NAMES.map((name) => ({ name, task: 'work', every: SECOND, payload })))
  return { beat, prefix, workers, spawn }
}

const redisNow = () => readServerTime(redis.client)

/** Takes a worker on which something runs out of the fleet. */
async function takeBusyWorker({ prefix, workers }: Fleet): Promise<[WorkerProcess, string]> {
  const ids = await Promise.all(workers.map(async (worker) => String((await worker.next('ready')).id)))
  const id = await waitFor(
    async () => {
      const [runId] = await redis.client.zrange(`{${prefix}}:running`, 0, 0)
      if (!runId) return null
      const run = await redis.client.hget(`{${prefix}}:state:${runId.split('@')[0]}`, `run:${runId}`)
      return run && ids.find((id) => run.includes(id))
    },
    { what: 'a running run' },
  )
  const [victim] = workers.splice(ids.indexOf(id), 1)
  return [victim!, id]
}

/** The whole seconds in (from, to]: what `every: 1s` means, computed here and not by the scheduler. */
function dueSeconds(from: number, to: number): number[] {
  const due: number[] = []
  for (let at = Math.floor(from / SECOND) * SECOND + SECOND; at <= to; at += SECOND) due.push(at)
  return due
}

/** The history of each schedule between two instants, once every second in between is in it. */
async function historyOf({ beat }: Fleet, due: number[], timeoutMs: number): Promise<Map<string, HistoryEntry[]>> {
  const wanted = new Set(due)
  const read = async (name: string): Promise<[string, HistoryEntry[]]> => {
    const entries = await beat.schedules.history(name, { limit: 500 })
    return [name, entries.filter(({ scheduledAt }) => wanted.has(scheduledAt.getTime()))]
  }
  let histories = new Map<string, HistoryEntry[]>()
  await waitFor(
    async () => {
      histories = new Map(await Promise.all(NAMES.map(read)))
      return [...histories.values()].every((entries) => entries.length >= due.length)
    },
    { what: 'every second of every schedule in the history', timeoutMs, intervalMs: 250 },
  ).catch(() => {})
  return histories
}

function expectEachOnce(histories: Map<string, HistoryEntry[]>, due: number[]): void {
  for (const [name, entries] of histories) {
    const seen = entries.map(({ scheduledAt }) => scheduledAt.getTime()).sort((a, b) => a - b)
    expect(seen, name).toEqual(due)
  }
}

/** Neither early nor late, by Redis's clock. */
function expectPunctual(entries: HistoryEntry[]): void {
  for (const { scheduledAt, startedAt, latenessMs } of entries) {
    const delay = (startedAt?.getTime() ?? Number.NaN) - scheduledAt.getTime()
    expect(delay).toBeGreaterThanOrEqual(0)
    expect(delay).toBeLessThan(LATE_MS)
    expect(latenessMs).toBeLessThan(LATE_MS)
  }
}

describe('a fleet of four processes with twenty schedules at every: 1s', () => {
  it('a fleet of four processes with twenty schedules at every: 1s runs every occurrence exactly once', async () => {
    const fleet = await startFleet([{}, {}, {}, {}])
    const from = await redisNow()
    await sleep(RUN_SECONDS * SECOND)
    const due = dueSeconds(from, await redisNow())
    const histories = await historyOf(fleet, due, 5_000)
    expectEachOnce(histories, due)
    const entries = [...histories.values()].flat()
    expect(entries.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expectPunctual(entries)
    expect(new Set(entries.map(({ worker }) => worker)).size).toBe(4)
    await fleet.beat.stop()
  })

  it('a fleet of four processes with twenty schedules at every: 1s loses only the running runs when a process is killed every 5 s', async () => {
    const fleet = await startFleet([{}, {}, {}, {}], { ms: 300 })
    const from = await redisNow()
    const killed: unknown[] = []
    for (let round = 0; round < RUN_SECONDS / 5; round += 1) {
      // A moment after the second, when the runs of that second are under way.
      await sleep(5 * SECOND - ((await redisNow()) % SECOND) + 150)
      const [victim, id] = await takeBusyWorker(fleet)
      killed.push(id)
      await victim.kill()
      fleet.workers.push(await fleet.spawn())
    }
    const due = dueSeconds(from, await redisNow())
    const histories = await historyOf(fleet, due, 15_000)
    expectEachOnce(histories, due)
    const missed = [...histories.values()].flat().filter(({ outcome }) => outcome !== 'ok')
    // Whatever is not ok was going on a process at the moment of its death.
    for (const entry of missed) {
      expect(entry).toMatchObject({ outcome: 'abandoned', reason: 'crash' })
      expect(killed).toContain(entry.worker)
    }
    expect(missed.length).toBeGreaterThan(0)
    expect(missed.length).toBeLessThanOrEqual(killed.length * NAMES.length)
    await fleet.beat.stop()
  })

  it('a fleet of four processes with twenty schedules at every: 1s is neither early nor late with one wall clock an hour ahead and one an hour behind', async (context) => {
    const tool = await ensureTool('faketime')
    if (tool.kind === 'missing') return context.skip(tool.reason)
    using ahead = await createFakeClock(tool.path, '+1h')
    using behind = await createFakeClock(tool.path, '-1h')
    const fleet = await startFleet([ahead.env, behind.env, {}, {}])
    const from = await redisNow()
    await sleep(RUN_SECONDS * SECOND)
    const due = dueSeconds(from, await redisNow())
    const skews = (await fleet.beat.fleet()).map(({ skewMs }) => Math.round(skewMs / 3_600_000) + 0).sort()
    expect(skews).toEqual([-1, 0, 0, 1])
    const histories = await historyOf(fleet, due, 5_000)
    expectEachOnce(histories, due)
    const entries = [...histories.values()].flat()
    expect(entries.filter(({ outcome }) => outcome !== 'ok')).toEqual([])
    expectPunctual(entries)
    expect(new Set(entries.map(({ worker }) => worker)).size).toBe(4)
    await fleet.beat.stop()
  })
})
