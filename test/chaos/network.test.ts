import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a network that delays, cuts and drops', () => {
  it.for(['slow-network', 'lost-replies', 'partition', 'unplugged', 'half-open'])(
    'no occurrence is lost or doubled with a network that delays, cuts and drops: %s',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
