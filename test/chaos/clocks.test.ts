import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('wrong clocks that jump', () => {
  it.for(['clocks', 'server-clock'])(
    'no occurrence is lost or doubled with wrong clocks that jump: %s',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
