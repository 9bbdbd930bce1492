import { describe, expect, it } from 'vitest'
import { createDashboard } from '../../../src/dashboard/index.js'
import { DashboardClient, EventReader } from '../../support/dashboard.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())
const open = () => new DashboardClient(createDashboard(fleet.create()))

async function watch(client: DashboardClient, headers: Record<string, string> = {}): Promise<EventReader> {
  const response = await client.fetch('/api/events', { headers })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  expect(response.headers.get('cache-control')).toContain('no-transform')
  return new EventReader(response)
}

describe('the stream of events', () => {
  it('the stream of events reports runs, schedules and workers of other processes, and the overview, with different ids', async () => {
    const reader = await watch(open())
    const first = await reader.next(({ type }) => type === 'overview')
    expect(first.data).toMatchObject({ total: 0, fleet: { workers: 0 } })
    const beat = fleet.create()
    beat.task('t', () => 'done')
    await beat.start()
    await reader.next(({ type, data }) => type === 'worker' && data.kind === 'joined')
    await beat.schedules.put('a', { task: 't', every: '500ms' })
    const created = await reader.next(({ type, data }) => type === 'schedule' && data.name === 'a')
    expect(created.data).toMatchObject({ kind: 'created', state: 'active' })
    const run = await reader.next(({ type, data }) => type === 'run' && data.kind === 'ended')
    expect(run.data).toMatchObject({ schedule: 'a', outcome: 'ok' })
    expect(run.id).not.toBe(created.id)
    await reader.close()
  })

  it('the stream of events reports a manual run that begins and ends between two looks', async () => {
    const beat = fleet.create()
    beat.task('t', () => 'done')
    await beat.start()
    await beat.schedules.put('a', { task: 't', every: '1h' })
    const client = open()
    const reader = await watch(client)
    await reader.next(({ type }) => type === 'overview')
    const { runId } = (await client.post('schedules/a/run')).body
    const run = await reader.next(({ type, data }) => type === 'run' && data.kind === 'ended')
    expect(run.data).toMatchObject({ schedule: 'a', runId, outcome: 'ok' })
    await reader.close()
  })

  it('the stream of events continues without a gap for a browser that reconnects', async () => {
    const client = open()
    const reader = await watch(client)
    const id = await reader.id()
    await reader.close()
    for (const name of ['a', 'b', 'c']) await client.create(name, { every: '1h' })
    const again = await watch(client, { 'last-event-id': id })
    const names = []
    for (let count = 0; count < 3; count++) names.push((await again.next(({ type }) => type === 'schedule')).data.name)
    expect(names).toEqual(['a', 'b', 'c'])
    await again.close()
  })

  it.each(['other-1', 'nonsense', '-', 'ffffffff-99999'])(
    'the stream of events asks a browser that connects with %s to read everything again',
    async (id) => {
      const reader = await watch(open(), { 'last-event-id': id })
      expect((await reader.next()).data).toEqual({ resync: true })
      await reader.close()
    },
  )

  it('the stream of events ends when the dashboard is closed', async () => {
    const dashboard = createDashboard(fleet.create())
    const reader = await watch(new DashboardClient(dashboard))
    dashboard.close()
    await expect(reader.next(() => false)).rejects.toThrow('has ended')
  })

  it('a dashboard asks Redis nothing once no browser watches', async () => {
    const beat = fleet.create()
    const client = new DashboardClient(createDashboard(beat))
    const reader = await watch(client)
    await reader.next(({ type }) => type === 'overview')
    await reader.close()
    let asked = 0
    const fleetOf = beat.fleet.bind(beat)
    beat.fleet = () => {
      asked += 1
      return fleetOf()
    }
    const other = await watch(client)
    await other.next(({ type }) => type === 'overview')
    expect(asked).toBeGreaterThan(0)
    await other.close()
    const askedMeanwhile = async () => {
      asked = 0
      await new Promise((resolve) => setTimeout(resolve, 2_500))
      return asked
    }
    await expect.poll(askedMeanwhile).toBe(0)
  })
})
