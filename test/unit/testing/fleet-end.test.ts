import { AsyncResource } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { createTestFleet } from '../../../src/testing/index.js'

/** How many stores of async contexts Node.js carries into each resource of the process; none are seen where it keeps them elsewhere. */
function carriedStores(): number {
  return Object.getOwnPropertySymbols(new AsyncResource('looking')).length
}

describe('a test fleet that is over', () => {
  it('the async contexts of its handlers are carried into nothing that comes behind', async () => {
    const before = carriedStores()
    const fleet = await createTestFleet()
    await fleet.worker((beat) => beat.task('work', () => fleet.sleep('1s')))
    await fleet.schedules.put('work', { every: '1m' })
    expect(await fleet.advance('2m')).not.toEqual([])
    await fleet[Symbol.asyncDispose]()
    expect(carriedStores()).toBe(before)
  })
})
