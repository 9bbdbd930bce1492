import { describe, expect, it } from 'vitest'
import { Delivery } from '../../../src/monitors/delivery.js'

const OPTIONS = { timeoutMs: 1_000, retryDelaysMs: [], queueSize: 10, onEnd: () => {} }

describe('the delivery of reports', () => {
  it('a report is made after the turn of the event loop that added it', async () => {
    const made: string[] = []
    const delivery = new Delivery({ ...OPTIONS, target: () => {} })
    for (const schedule of ['a', 'b']) {
      delivery.add({ schedule, make: () => Promise.resolve((made.push(schedule), [])) })
    }
    expect(made).toEqual([])
    await delivery.idle()
    expect(made).toEqual(['a', 'b'])
  })

  it('a delivery that is closed in the turn that added a report makes no report', async () => {
    const made: string[] = []
    const delivery = new Delivery({ ...OPTIONS, target: () => {} })
    delivery.add({ schedule: 'a', make: () => Promise.resolve((made.push('a'), [])) })
    delivery.close()
    await delivery.idle()
    await Promise.resolve()
    expect(made).toEqual([])
  })
})
