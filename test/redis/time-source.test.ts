import { expect, it, onTestFinished } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { TIME_SOURCE } from '../../src/time-source.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { createSteppedTime } from '../support/stepped-time.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

it('a whole worker uses the time source that it is given, and no other clock', async () => {
  const time = createSteppedTime(Date.UTC(2001, 0, 1))
  const options: EverybeatOptions = { redis: redis.url, prefix: uniquePrefix(), logger: false }
  const beat = new Everybeat({ ...options, [TIME_SOURCE]: time } as EverybeatOptions)
  onTestFinished(() => beat.stop({ timeoutMs: 0 }))
  const starts: Date[] = []
  beat.task('work', (run) => void starts.push(run.scheduledAt))
  await beat.start()
  const { skewMs } = beat.health()
  expect(skewMs).toBeLessThan(Date.UTC(2001, 0, 2) - Date.now())

  await beat.schedules.put('once', { task: 'work', at: new Date(Date.now() + 300) })
  const score = await redis.client.zscore(`{${options.prefix!}}:due`, 'once')
  const isPast = async () => {
    const [seconds, micros] = await redis.client.time()
    return Number(seconds) * 1_000 + Number(micros) / 1_000 > Number(score)
  }
  await waitFor(isPast, { what: 'the instant of the schedule by the clock of Redis' })
  expect(starts).toEqual([])
  expect(beat.health().lastContactMs).toBe(0)

  await time.advance(1_000)
  await waitFor(() => starts.length === 1, { what: 'the run, after the worker’s time has passed' })
  expect(starts[0]!.getTime()).toBe(Number(score))
})
