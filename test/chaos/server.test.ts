import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a Redis that fails and comes back', () => {
  it.each(['client-kill', 'script-flush', 'restart', 'stall', 'pause', 'memory', 'read-only'])(
    '%s: nothing is lost and nothing doubled',
    async (fault) => {
      await expectPromise(fault)
    },
  )
})
