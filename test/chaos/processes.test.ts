import { describe, it } from 'vitest'
import { expectPromise } from './harness/expect-promise.js'

describe('workers that die, stand still and leave', () => {
  it.for(['kill', 'freeze', 'terminate', 'block', 'block-kept', 'heap'])(
    'workers that die, stand still and leave %s: nothing is lost and nothing doubled',
    async (fault, context) => {
      await expectPromise(context, fault)
    },
  )
})
