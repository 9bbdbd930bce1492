import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('a network that delays, cuts and swallows', () => {
  it.each(['slow-network', 'lost-replies', 'partition'])('%s: nothing is lost and nothing doubled', async (fault) => {
    await expectPromise(fault)
  })
})
