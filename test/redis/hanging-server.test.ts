import { describe, expect, it } from 'vitest'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)

describe('a server that hangs', () => {
  it.each(['list', 'get', 'explain', 'changes'] as const)(
    'a server that hangs ends %s within the time-out',
    async (method) => {
      const beat = fleet.create({ connectTimeoutMs: 300 })
      await beat.schedules.put('it', { every: '1h' })
      await redis.client.call('CLIENT', 'PAUSE', '5000', 'ALL')
      const call = beat.schedules[method] as (name?: unknown) => Promise<unknown>
      const asked = call.call(beat.schedules, method === 'list' ? {} : 'it')
      await expect(asked).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION' })
      await redis.client.call('CLIENT', 'UNPAUSE')
    },
  )

  it('a server that hangs ends diagnose within the time-out', async () => {
    const beat = fleet.create({ connectTimeoutMs: 300 })
    await beat.schedules.count()
    await redis.client.call('CLIENT', 'PAUSE', '5000', 'ALL')
    await expect(beat.diagnose()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION' })
    await redis.client.call('CLIENT', 'UNPAUSE')
  })
})
