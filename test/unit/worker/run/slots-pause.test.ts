import { describe, expect, it, vi } from 'vitest'
import { Slots } from '../../../../src/worker/loop/slots.js'

describe('slots while a worker is paused', () => {
  it('a paused worker has no free slot, and the end of the pause calls the waiting loops', () => {
    const slots = new Slots(2, () => {})
    slots.take('report')
    slots.setPaused(true)
    const resumed = vi.fn()
    slots.onAvailable(resumed)
    expect(slots.available).toBe(0)
    expect(slots.reserve([]).slots).toBe(0)
    slots.free('report')
    expect(resumed).not.toHaveBeenCalled()
    slots.setPaused(false)
    expect(resumed).toHaveBeenCalledOnce()
    expect(slots.available).toBe(2)
  })
})
