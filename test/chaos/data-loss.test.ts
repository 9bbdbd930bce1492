import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a data loss of Redis', () => {
  it.for(['forget', 'flush', 'restore', 'lost-state'])(
    'no occurrence is lost or doubled with a data loss: %s',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
