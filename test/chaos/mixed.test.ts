import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('everything at once', () => {
  it.for(['mixed'])('everything at once %s: nothing is lost and nothing doubled', async (fault, context) => {
    await expectPromise(context, fault)
  })
})
