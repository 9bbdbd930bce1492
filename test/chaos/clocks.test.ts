import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('clocks that are wrong and jump', () => {
  it.for(['clocks', 'server-clock'])(
    'clocks that are wrong and jump %s: nothing is lost and nothing doubled',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
