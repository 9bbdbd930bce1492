import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { createStubStore } from '../../../src/redis/stores/stub-store.js'
import { warmUp } from '../../../src/worker/warm-up.js'
import { nextEvent, useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)

// Once in a process, and each file has its own: no second test here.
it('the warm-up executes the code of a run before the first worker is ready, and before it claims due work', async () => {
  const beat = fleet.create()
  /** The first caller creates the promise: without an earlier call it would be pending still. */
  let atFirstStart = ''
  beat.task('work', () => void (atFirstStart = inspect(warmUp(createStubStore))))
  await beat.schedules.put('due', { task: 'work', at: new Date(Date.now() - 500) })
  const ran = nextEvent(beat, 'run:succeeded')
  await beat.start()
  expect(inspect(warmUp(createStubStore))).toBe('Promise { undefined }')
  await ran
  expect(atFirstStart).toBe('Promise { undefined }')
})
