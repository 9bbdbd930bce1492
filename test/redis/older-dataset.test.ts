import { describe, expect, it } from 'vitest'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

describe('a Redis that restarts with an older dataset', () => {
  it('a Redis with an older dataset gets the schedules again that live workers have declared since', async () => {
    const first = fleet.create()
    await first.task('old', () => {}).schedule('old', { every: '1h' })
    await first.start()
    await redis.client.save()
    const second = fleet.create()
    await second.task('new', () => {}).schedule('new', { every: '1h' })
    await second.start()
    // The server ends without a save, so the writes since the last save are lost.
    await redis.kill('SIGKILL')
    await redis.restart()
    await waitFor(async () => (await first.schedules.get('new')) !== null, {
      what: 'the schedule that was declared after the dataset was saved',
      timeoutMs: 30_000,
    })
    expect(await first.schedules.count()).toBe(2)
  })
})
