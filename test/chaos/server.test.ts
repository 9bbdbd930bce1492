import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a Redis that fails and restarts', () => {
  it.for(['client-kill', 'script-flush', 'restart', 'stall', 'pause', 'memory', 'read-only'])(
    'no occurrence is lost or doubled with a Redis that fails and restarts: %s',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
