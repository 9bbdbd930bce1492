import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished, type TestContext } from 'vitest'
import { Everybeat, type Run } from '../../src/index.js'
import { startRedisServer } from '../../src/testing/redis-server.js'
import { waitFor } from '../support/wait-for.js'
import { createServerClock } from './harness/faults/clocks.js'
import { Unavailable } from './harness/stage.js'

const HOUR_MS = 3_600_000

/** A Redis whose clock can be set, and a worker that notes what it starts. */
async function start(context: TestContext) {
  const clock = await createServerClock().catch((error: unknown) => {
    if (error instanceof Unavailable) return context.skip(error.message)
    throw error
  })
  onTestFinished(() => clock[Symbol.dispose]())
  const server = await startRedisServer({ env: clock.env })
  onTestFinished(() => server.stop())
  const beat = new Everybeat({ redis: server.url, prefix: 'jump', logger: false })
  const client = new Redis(server.url)
  onTestFinished(async () => {
    await beat.stop({ timeoutMs: 500 })
    client.disconnect()
  })
  const starts: Run[] = []
  beat.task('note', (run) => void starts.push(run))
  await beat.start()
  const of = (schedule: string) => starts.filter((run) => run.schedule === schedule)
  return { clock, beat, client, starts, of }
}

describe("Redis's own clock", () => {
  it("Redis's own clock can jump an hour ahead, which makes due occurrences misfires, and back, where nothing runs again and the schedule continues", async (context) => {
    const { clock, beat, client, starts, of } = await start(context)
    const policy = { task: 'note', every: 500, misfireGrace: 2_000 } as const
    await beat.schedules.putMany(
      (['skip', 'latest', 'all'] as const).map((misfire) => ({ name: misfire, ...policy, misfire, maxCatchUp: 5 })),
    )
    const before = await waitFor(() => of('all').length >= 2 && of('all').at(-1), { what: 'the first runs' })
    const isAfter = ({ scheduledAt }: Run) => scheduledAt.getTime() > before.scheduledAt.getTime() + HOUR_MS / 2
    const caughtUp = (schedule: string) => of(schedule).filter(({ catchUp }) => catchUp)

    clock.jumpTo('+1h')
    await waitFor(() => ['skip', 'latest', 'all'].every((name) => of(name).filter(isAfter).length > 8), {
      what: 'all schedules to continue an hour later',
    })
    const counts = [caughtUp('skip'), caughtUp('latest'), caughtUp('all')].map(({ length }) => length)
    // An occurrence that was planned on time may be a misfire when it is claimed, and then has a catch-up run of its own.
    expect([[0, 1, 5].join(), [0, 1, 6].join(), [0, 2, 5].join(), [0, 2, 6].join()]).toContain(counts.join())
    expect(caughtUp('latest')[0]!.missed).toBeGreaterThan(HOUR_MS / 500 - 20)

    clock.jumpTo('+0s')
    const [lock, workers] = ['{jump}:upkeep', '{jump}:workers']
    const redisNow = async () => Number((await client.time())[0]) * 1_000
    // Planned instants wait, new schedules do not, and the maintenance of the fleet continues.
    await beat.schedules.put('new', { task: 'note', every: 500 })
    const known = starts.length
    await waitFor(() => of('new').length > 3, { what: 'a new schedule to run' })
    expect(starts.slice(known).filter(({ schedule }) => schedule !== 'new')).toEqual([])
    await waitFor(async () => (await client.pttl(lock)) < 5_000, {
      what: 'the end of the maintenance lock',
    })
    await waitFor(
      async () => Number((await client.zrange(workers, 0, 0, 'WITHSCORES'))[1]) < (await redisNow()) + 5_000,
      {
        what: 'no worker with a heartbeat in the future',
      },
    )

    const late = starts.length
    clock.jumpTo('+1h')
    await waitFor(() => starts.slice(late).filter(({ schedule }) => schedule === 'all').length > 3, {
      what: 'the others to continue',
    })
    const ids = starts.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const fences = of('all').map(({ fence }) => fence)
    expect(fences).toEqual([...fences].sort((a, b) => a - b))
  })

  it("a jump of Redis's own clock beyond a lease aborts the run at the next extension, and the run ends once", async (context) => {
    const { clock, beat } = await start(context)
    let why = ''
    beat.task('long', async ({ signal }) => {
      clock.jumpTo('+1m')
      await sleep(60_000, undefined, { signal }).catch(() => {})
      why = (signal.reason as Error | undefined)?.message ?? 'no signal'
    })
    await beat.schedules.put('long', { task: 'long', at: new Date(Date.now() + 200), onCrash: 'skip' })
    const history = await waitFor(
      async () => {
        const entries = await beat.schedules.history('long')
        return entries.length > 0 && entries
      },
      { what: 'the end of the run', timeoutMs: 40_000 },
    )
    expect(history).toMatchObject([{ outcome: 'abandoned' }])
    await waitFor(() => why !== '', { what: 'the signal' })
    // By the answer of Redis when the lease is extended, at a third of it: long before the worker's own trust ends.
    expect(why).toContain('Redis does not hold it any more')
  })
})
