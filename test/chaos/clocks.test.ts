import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('workers with wrong clocks', () => {
  it.each(['clocks'])('%s: nothing is lost and nothing doubled', async (fault) => {
    await expectPromise(fault)
  })
})
