import { describe, expect, it } from 'vitest'
import { createFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

describe('bugs of other schedulers when Redis restarts', () => {
  const redis = useRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] })

  it('schedules continue after a restart of Redis and a reconnect', async () => {
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', () => 'done') })
    const { schedules } = fleet.control
    await schedules.put('it', { task: 'job', every: 200 })
    await fleet.start()
    await fleet.next('run:succeeded')
    await redis.restart()
    const restartedAt = Date.now()
    await fleet.next('run:succeeded', ({ scheduledAt }) => scheduledAt > restartedAt + 1_000)
    const instants = (await schedules.history('it')).map(({ scheduledAt }) => scheduledAt.getTime()).reverse()
    expect(instants).toEqual(Array.from(instants, (_, index) => instants[0]! + index * 200))
  })
})
