import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a Redis that fails and comes back', () => {
  it.for(['client-kill', 'script-flush', 'restart', 'stall', 'pause', 'memory', 'read-only'])(
    'a Redis that fails and comes back %s: nothing is lost and nothing doubled',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
