import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('workers that die, freeze and leave', () => {
  it.for(['kill', 'freeze', 'terminate', 'block', 'block-kept', 'heap'])(
    'no occurrence is lost or doubled with workers that die, freeze and leave: %s',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
