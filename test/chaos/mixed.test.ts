import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('all faults at once', () => {
  it.for(['mixed'])('no occurrence is lost or doubled with all faults at once: %s', async (fault, context) => {
    await expectPromise(context, fault)
  })
})
