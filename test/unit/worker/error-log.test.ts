import { expect, it } from 'vitest'
import type { Emit } from '../../../src/events/events.js'
import { ErrorLog } from '../../../src/worker/error-log.js'
import { createSteppedTime } from '../../support/stepped-time.js'

function createLog() {
  const told: unknown[] = []
  const time = createSteppedTime(0)
  const emit: Emit = (_name, event) => void told.push(typeof event === 'function' ? event() : event)
  return { told, time, log: new ErrorLog(emit, time) }
}

it('a repeated error is reported once, and its end is reported once', async () => {
  const { told, time, log } = createLog()
  for (let count = 0; count < 3; count += 1) {
    log.onError('claim', new Error('no route'))
    await time.advance(1_000)
  }
  expect(told).toEqual([{ name: 'Error', message: 'no route', context: 'claim' }])
  log.onSuccess('settle')
  expect(told).toHaveLength(1)
  log.onSuccess('claim')
  log.onSuccess('claim')
  expect(told.slice(1)).toEqual([
    {
      name: 'Recovered',
      message: 'works again after 3 errors in 3000 ms',
      context: 'claim',
      recoveredAfterMs: 3_000,
    },
  ])
})

it('a fault that returns is reported again, and so is another message of the same fault', () => {
  const { told, log } = createLog()
  log.onError('claim', new Error('a'))
  log.onError('claim', new Error('b'))
  log.onSuccess('claim')
  log.onError('claim', new Error('a'))
  expect(told).toHaveLength(4)
})

it('the end of a single error is not reported', () => {
  const { told, log } = createLog()
  log.onError('claim', new Error('a'))
  log.onSuccess('claim')
  expect(told).toHaveLength(1)
})
