import { describe, expect, it, vi } from 'vitest'
import { createSlots } from '../../../../src/worker/run/task.js'

describe('slots while a worker is paused', () => {
  it('are none, and those who wait for one are called when the pause ends', () => {
    const slots = createSlots(2, () => {})
    slots.take('report')
    slots.setPaused(true)
    const resumed = vi.fn()
    slots.wait(resumed)
    expect(slots.available).toBe(0)
    expect(slots.hold([]).slots).toBe(0)
    slots.free('report')
    expect(resumed).not.toHaveBeenCalled()
    slots.setPaused(false)
    expect(resumed).toHaveBeenCalledOnce()
    expect(slots.available).toBe(2)
  })
})
