import { expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { startRedisServer } from '../../src/testing/redis-server.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

it('one of three lockNodes may be down, no run starts without a quorum, and each waiting run starts once afterwards', async () => {
  const nodes = await Promise.all([1, 2, 3].map(() => startRedisServer()))
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))))
  const prefix = uniquePrefix('locks')
  const lockNodes = nodes.map(({ url }) => url)
  await using beat = new Everybeat({ redis: redis.url, prefix, lockNodes, logger: false })
  const starts = new Map<string, number>()
  beat.task('tick', ({ id }) => void starts.set(id, (starts.get(id) ?? 0) + 1))
  await beat.schedules.put('tick', { every: 100, overlap: 'allow' })
  await beat.start()
  await waitFor(() => starts.size >= 3, { what: 'runs' })
  await nodes[0]!.kill()
  const withThree = starts.size
  await waitFor(() => starts.size >= withThree + 5, { what: 'runs with two nodes' })
  await nodes[1]!.kill()
  const returned = (): Promise<number> => redis.client.zcard(`{${prefix}}:pending`)
  await waitFor(async () => (await returned()) > 0, { what: 'a run to be put back' })
  const withTwo = starts.size
  await waitFor(async () => (await returned()) > 5, { what: 'runs to wait' })
  expect(starts.size).toBe(withTwo)
  await nodes[1]!.restart()
  await waitFor(async () => (await returned()) === 0 && starts.size >= withTwo + 7, { what: 'all waiting runs to run' })
  expect([...starts].filter(([, count]) => count > 1)).toEqual([])
})

it('a backfill with lockNodes runs again after its schedule was removed and created again', async () => {
  const nodes = await Promise.all([1, 2, 3].map(() => startRedisServer()))
  onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))))
  const lockNodes = nodes.map(({ url }) => url)
  await using beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix('locks'), lockNodes, logger: false })
  const instants: number[] = []
  beat.task('job', ({ scheduledAt }) => void instants.push(scheduledAt.getTime()))
  await beat.start()
  const days = [1, 2, 3].map((day) => Date.UTC(2026, 0, day))
  const range = { from: new Date(days[0]!), to: new Date(days[2]!) }
  for (const round of [1, 2]) {
    await beat.schedules.put('job', { cron: '0 0 * * *' })
    const { runIds } = await beat.schedules.backfill('job', range)
    expect(runIds).toHaveLength(3)
    await waitFor(() => instants.length === 3 * round, { what: `the runs of round ${round}` })
    await beat.schedules.remove('job')
  }
  expect(instants).toEqual([...days, ...days])
})
