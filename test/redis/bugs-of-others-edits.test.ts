import { describe, expect, it } from 'vitest'
import type { Run } from '../../src/index.js'
import { createFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const HOUR = 3_600_000
const hourNow = () => Math.floor(Date.now() / HOUR) * HOUR

/** Real bugs of other schedulers: each test is named after one bug. */
describe('bugs of other schedulers in declarations and edits', () => {
  const redis = useRedis()

  function fleetOf(options: { workers?: number } = {}) {
    const ran: Run[] = []
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', (run) => void ran.push(run)), ...options })
    return { fleet, ran, schedules: fleet.control.schedules }
  }

  it('an edit never fires retroactively', async () => {
    const { fleet, ran, schedules } = fleetOf()
    await schedules.put('it', { task: 'job', cron: '0 0 1 1 *' })
    await fleet.start()
    // Its instants of the last hours have passed; the first one that runs is after the edit.
    await schedules.put('it', { task: 'job', every: '1h', anchor: Date.now() - 30 * 60_000 })
    const editedAt = Date.now()
    await schedules.put('it', { task: 'job', every: 100 })
    await fleet.next('run:succeeded')
    expect(ran[0]!.scheduledAt.getTime()).toBeGreaterThanOrEqual(editedAt - 5)
    expect((await schedules.history('it')).filter(({ outcome }) => outcome !== 'ok')).toEqual([])
  })

  it('declaring again at boot changes nothing', async () => {
    const { fleet, ran, schedules } = fleetOf()
    const definition = { task: 'job', cron: '0 * * * *', misfireGrace: '2h' }
    await schedules.put('it', definition)
    await fleet.makeOverdue('it', hourNow())
    const before = await fleet.redis.hgetall(fleet.key('state', 'it'))
    expect((await schedules.put('it', definition)).outcome).toBe('unchanged')
    expect(await fleet.redis.hgetall(fleet.key('state', 'it'))).toEqual(before)
    await fleet.start()
    await fleet.next('run:succeeded')
    expect(ran.map(({ scheduledAt }) => scheduledAt.getTime())).toEqual([hourNow()])
  })

  it('a rename in code leaves no orphan', async () => {
    const { fleet, schedules } = fleetOf({ workers: 0 })
    await fleet.control.sync({ before: { task: 'job', every: '1h' } }, { owner: 'svc', prune: 'remove' })
    const renamed = await fleet.control.sync({ after: { task: 'job', every: '1h' } }, { owner: 'svc', prune: 'remove' })
    expect(renamed).toMatchObject({ created: ['after'], removed: ['before'] })
    expect((await schedules.list()).map(({ name }) => name)).toEqual(['after'])
    expect((await fleet.redis.keys(`{${fleet.prefix}}:*before*`)).sort()).toEqual([])
  })

  it('editing one field does not move the next run', async () => {
    const { schedules, fleet } = fleetOf()
    await schedules.put('it', { task: 'job', every: '7h', spread: true })
    const before = (await schedules.get('it'))!.next
    await schedules.patch('it', { payload: { a: 1 }, note: 'edited', retries: 3, overlap: 'queue' })
    expect((await schedules.get('it'))!.next).toEqual(before)
    await fleet.start()
    await fleet.redis.hset(fleet.key('schedule', 'it'), 'timeout', '5m')
    await expect.poll(async () => (await schedules.get('it'))?.revision).toBe(3)
    expect((await schedules.get('it'))!.next).toEqual(before)
  })

  it('a schedule in quarantine shows the error of its definition', async () => {
    const { fleet, schedules } = fleetOf()
    await schedules.put('it', { task: 'job', every: '1h' })
    await fleet.start()
    await fleet.redis.hset(fleet.key('schedule', 'it'), 'tz', 'Mars/Olympus')
    const { schedule, error } = await fleet.next('schedule:invalid')
    expect(schedule).toBe('it')
    expect(error).toContain('Mars/Olympus')
    expect((await schedules.get('it'))!.error).toContain('Mars/Olympus')
    expect((await schedules.explain('it')).text).toContain('Mars/Olympus')
  })
})
