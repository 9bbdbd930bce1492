import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

const connections = async (): Promise<number> =>
  String(await redis.client.client('LIST'))
    .split('\n')
    .filter((line) => line.includes('name=everybeat')).length

const noneLeft = () => waitFor(async () => (await connections()) === 0, { what: 'every connection to be closed' })

describe('stop', () => {
  it.each([0, 1, 3, 10, 30])(
    'stop breaks off a start that began %d ms ago, and leaves nothing behind',
    async (waitMs) => {
      const prefix = uniquePrefix()
      const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
      const started = beat.start().then(
        () => 'started',
        (error: { code: string }) => error.code,
      )
      if (waitMs > 0) await sleep(waitMs)
      await beat.stop({ timeoutMs: 1_000 })
      expect(['started', 'ERR_EVERYBEAT_STATE']).toContain(await started)
      expect(beat.health()).toMatchObject({ ok: false, state: 'stopped' })
      await noneLeft()
      expect(await redis.client.zcard(`{${prefix}}:ranks`)).toBe(0)
    },
  )

  it('stop does not wait long for a Redis that cannot be reached when no run is running', async () => {
    const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix(), logger: false, maxSleepMs: 50 })
    beat.task('work', () => {})
    await beat.start()
    await redis.kill('SIGSTOP')
    try {
      await sleep(200)
      // The time-out is longer than this test may take: a stop without a run does not wait for it.
      await beat.stop({ timeoutMs: 600_000 })
    } finally {
      await redis.kill('SIGCONT')
    }
    await noneLeft()
  })

  it('stop breaks off a start that hangs because Redis does not answer', async () => {
    const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix(), logger: false, connectTimeoutMs: 600_000 })
    await redis.kill('SIGSTOP')
    try {
      const started = beat.start().catch((error: { code: string }) => error.code)
      await sleep(100)
      await beat.stop()
      expect(await started).toBe('ERR_EVERYBEAT_STATE')
    } finally {
      await redis.kill('SIGCONT')
    }
    await noneLeft()
  })
})

describe('start', () => {
  it('start fails with a connection error when no Redis answers, and stop then ends at once', async () => {
    const beat = new Everybeat({
      redis: 'redis://127.0.0.1:1',
      prefix: uniquePrefix(),
      logger: false,
      connectTimeoutMs: 300,
    })
    await expect(beat.start()).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_CONNECTION' })
    await beat.stop()
  })
})
