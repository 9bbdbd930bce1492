import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('everything at once', () => {
  it.each(['mixed'])('%s: nothing is lost and nothing doubled', async (fault) => {
    await expectPromise(fault)
  })
})
