import { expect, it } from 'vitest'
import { useFleet, nextEvent } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

const TOLD_MS = 40_000

/** Waits until every worker of the fleet has beaten so often. */
async function untilBeats(count: number, tag = fleet.prefix()): Promise<void> {
  const latest = async () => Number((await redis.client.zrange(`{${tag}}:workers`, '0', '0', 'WITHSCORES'))[1])
  for (let beat = 0; beat < count; beat += 1) {
    const before = await latest()
    await waitFor(async () => (await latest()) > before, { what: 'a heartbeat' })
  }
}

it.each([1, 3])(
  'a task that no live worker has is reported once by one worker of the fleet, on %i shards',
  async (shards) => {
    const told: unknown[] = []
    const lines: string[] = []
    const note = (line: string) => void lines.push(line)
    const logger = { debug: note, info: note, warn: note, error: note }
    const workers = Array.from({ length: 2 }, () => fleet.create({ shards, logger }))
    for (const worker of workers) {
      worker.task('known', () => null)
      worker.on('task:unserved', (event) => void told.push(event))
      await worker.start()
    }
    const { schedules } = workers[0]!
    await schedules.put('orphan', { task: 'nobody-has-this', at: new Date(Date.now() + 100) })
    await schedules.put('fine', { task: 'known', every: '1s' })
    await waitFor(() => told.length > 0, { what: 'the event', timeoutMs: TOLD_MS })
    await untilBeats(2, shards === 1 ? fleet.prefix() : `${fleet.prefix()}:0`)
    expect(told).toEqual([{ task: 'nobody-has-this', pool: 'default', schedule: 'orphan', count: 1 }])
    expect(lines.filter((line) => line.includes('nobody-has-this'))).toEqual([
      '[everybeat] no live worker of the pool default has the task nobody-has-this: orphan waits for it. Start a worker that has it, or correct `task` or `pool`',
    ])
    const { findings } = await workers[0]!.diagnose()
    expect(findings.find(({ check }) => check === 'unserved')?.message).toContain('nobody-has-this')
  },
  90_000,
)

it('a task that another worker of the fleet has is not reported as unserved, however long its work waits', async () => {
  const told: unknown[] = []
  const other = fleet.create()
  other.task('known', () => null)
  other.on('task:unserved', (event) => void told.push(event))
  await other.start()
  const full = fleet.create({ concurrency: 1 })
  const started = nextEvent(full, 'run:started')
  full.task('busy', ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', resolve)))
  full.on('task:unserved', (event) => void told.push(event))
  await full.start()
  await other.schedules.put('first', { task: 'busy', at: new Date() })
  await started
  await other.schedules.put('second', { task: 'busy', at: new Date() })
  await waitFor(async () => (await other.diagnose()).findings.some(({ check }) => check === 'overdue'), {
    what: 'work that waits for more than 10 s',
    timeoutMs: TOLD_MS,
    intervalMs: 500,
  })
  await untilBeats(2)
  expect(told).toEqual([])
}, 90_000)
