import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a network that delays, cuts and swallows', () => {
  it.for(['slow-network', 'lost-replies', 'partition', 'unplugged', 'half-open'])(
    'a network that delays, cuts and swallows %s: nothing is lost and nothing doubled',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
