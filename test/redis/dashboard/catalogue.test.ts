import { describe, expect, it } from 'vitest'
import type { SchedulePage } from '../../../src/index.js'
import { Catalogue } from '../../../src/dashboard/catalogue.js'
import { FleetSource } from '../../../src/dashboard/fleet-source.js'
import { Traffic } from '../../../src/dashboard/traffic.js'
import { useFleet } from '../../support/fleet.js'
import { useRedis } from '../../support/redis.js'

const fleet = useFleet(useRedis())

/** A source whose pages are read at once, and arrive when the test lets them. */
class HeldSource extends FleetSource {
  isHolding = false
  /** Called when a page was read and is held. */
  onHeld: () => void = () => {}
  /** Lets the held page arrive. */
  release: () => void = () => {}

  override async page(...asked: Parameters<FleetSource['page']>): Promise<SchedulePage> {
    const page = await super.page(...asked)
    if (!this.isHolding) return page
    await new Promise<void>((resolve) => {
      this.release = resolve
      this.onHeld()
    })
    return page
  }
}

describe('the catalogue of the dashboard', () => {
  it('a schedule that is written and removed during a reading is not in the catalogue, although a page of that reading has it', async () => {
    const beat = fleet.create()
    await beat.schedules.put('kept', { every: '1h' })
    const source = new HeldSource(beat)
    let nowMs = 0
    const catalogue = new Catalogue(source, new Traffic(), () => nowMs)
    await catalogue.prepare()
    expect([...catalogue.rows.keys()]).toEqual(['kept'])

    await beat.schedules.put('brief', { every: '1h' })
    source.isHolding = true
    const isHeld = new Promise<void>((resolve) => (source.onHeld = resolve))
    nowMs += 60_000
    const reading = catalogue.prepare()
    await isHeld
    await beat.schedules.remove('brief')
    // The catalogue never had the schedule, so this announcement changes no row; its effect must outlive the reading.
    catalogue.refresh([['brief', await beat.schedules.get('brief')]])
    source.release()
    await reading

    expect([...catalogue.rows.keys()]).toEqual(['kept'])
  })
})
