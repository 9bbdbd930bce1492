import { describe, expect, it } from 'vitest'
import type { ActivityMinute } from '../../src/index.js'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** All minutes as one; a test may see the minute change. */
async function readAll(): Promise<Omit<ActivityMinute, 'at'>> {
  const now = Date.now()
  const minutes = await fleet.create().schedules.activity({ from: now - 600_000, to: now + 600_000 })
  const sum = (field: 'ok' | 'failed' | 'skipped' | 'abandoned' | 'cancelled' | 'late') =>
    minutes.reduce((total, minute) => total + minute[field], 0)
  const steps = (field: 'lateness' | 'duration') => minutes.flatMap((minute) => minute[field])
  const [ok, failed, skipped] = [sum('ok'), sum('failed'), sum('skipped')]
  const rest = { abandoned: sum('abandoned'), cancelled: sum('cancelled'), late: sum('late') }
  return { ok, failed, skipped, ...rest, lateness: steps('lateness'), duration: steps('duration') }
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)

describe('the activity of the fleet', () => {
  it('the activity counts each end of an occurrence once, with its lateness and duration', async () => {
    const beat = fleet.create()
    beat.task('good', () => 'done')
    beat.task('bad', () => {
      throw new Error('no')
    })
    await beat.schedules.put('a', { task: 'good', every: '100ms', limit: 5 })
    await beat.schedules.put('b', { task: 'bad', every: '100ms', limit: 3 })
    await beat.start()
    const isOver = async (name: string) => (await beat.schedules.get(name))?.state === 'finished'
    const isDone = async () => (await isOver('a')) && (await isOver('b')) && (await beat.schedules.runs()).length === 0
    await waitFor(isDone, { what: 'the end of all occurrences' })
    const activity = await readAll()
    const histories = [...(await beat.schedules.history('a')), ...(await beat.schedules.history('b'))]
    const of = (outcome: string) =>
      total(histories.filter((entry) => entry.outcome === outcome).map(({ count = 1 }) => count))
    expect(of('ok')).toBeGreaterThan(0)
    expect(activity).toMatchObject({ ok: of('ok'), failed: of('failed'), skipped: of('skipped') })
    expect(total(activity.lateness)).toBe(of('ok') + of('failed'))
    expect(total(activity.duration)).toBe(of('ok') + of('failed'))
  })

  it('the activity counts as many skipped occurrences as the history has', async () => {
    const beat = fleet.create()
    await beat.schedules.put('a', { every: '100ms' })
    await beat.schedules.pause('a')
    const pausedAt = Date.now()
    await waitFor(() => Date.now() - pausedAt > 500, { what: 'several periods of the pause' })
    await beat.schedules.resume('a')
    const history = await beat.schedules.history('a')
    expect(history[0]).toMatchObject({ outcome: 'skipped', reason: 'paused' })
    expect((await readAll()).skipped).toBe(total(history.map(({ count = 1 }) => count)))
  })

  it('the activity is kept for a day, also after its schedules are removed, and a key of another type in its place disturbs no settlement', async () => {
    const beat = fleet.create()
    beat.task('t', () => 'done')
    const minute = Math.floor(Date.now() / 60_000)
    for (const number of [minute, minute + 1]) await redis.client.set(`{${fleet.prefix()}}:minute:${number}`, 'text')
    await beat.schedules.put('a', { task: 't', every: '100ms', limit: 1 })
    await beat.start()
    await waitFor(async () => (await beat.schedules.history('a'))[0]?.outcome === 'ok', { what: 'the run' })
    expect((await readAll()).ok).toBe(0)
    await redis.client.del(`{${fleet.prefix()}}:minute:${minute}`, `{${fleet.prefix()}}:minute:${minute + 1}`)
    await beat.schedules.trigger('a')
    await waitFor(async () => (await readAll()).ok === 1, { what: 'the second run' })
    const keys = await redis.client.keys(`{${fleet.prefix()}}:minute:*`)
    for (const key of keys) expect(await redis.client.ttl(key)).toBeGreaterThan(80_000)
  })

  it('the activity of a range that ends before it begins is refused', async () => {
    const { schedules } = fleet.create()
    await expect(schedules.activity({ from: 2, to: 1 })).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_OPTIONS',
      field: 'from',
    })
  })
})
