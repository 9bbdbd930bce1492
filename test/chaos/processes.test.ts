import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('workers that die, stand still and leave', () => {
  it.each(['kill', 'freeze', 'terminate', 'block'])('%s: nothing is lost and nothing doubled', async (fault) => {
    await expectPromise(fault)
  })
})
