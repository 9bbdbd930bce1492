import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a Redis that loses its memory', () => {
  it.each(['forget', 'flush'])('%s: nothing is lost and nothing doubled', async (fault) => {
    await expectPromise(fault)
  })
})
