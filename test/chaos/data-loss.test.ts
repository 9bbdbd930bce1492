import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a Redis that loses its memory', () => {
  it.for(['forget', 'flush', 'restore', 'lost-state'])(
    'a Redis that loses its memory %s: nothing is lost and nothing doubled',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
