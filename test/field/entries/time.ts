import { setTimeout as sleep } from 'node:timers/promises'
import { waitFor } from '../../support/wait-for.js'
import type { FieldEntry, Outcome } from '../entry.js'
import { startsOf, type Place } from '../place.js'

const OUTAGE_MS = 8_000

async function outage(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  const { schedules } = place.instance(options)
  await schedules.put('tick', { task: 'work', every: '1s' })
  const former = await place.worker({ options })
  await former.next('start')
  await former.stop()
  const awayFrom = Date.now()
  await sleep(OUTAGE_MS)
  const backAt = Date.now()
  const worker = await place.worker({ options })
  await waitFor(() => startsOf('tick', worker).some((at) => at > backAt + 1_000), { what: 'the runs after the outage' })
  const started = startsOf('tick', worker).filter((at) => at > awayFrom && at <= backAt + 1_000)
  const history = await schedules.history('tick', { limit: 100 })
  const missed = Math.max(...history.map((entry) => entry.missed ?? 0))
  // One further occurrence may have become due on time while the worker started.
  const isRight = started.length >= 1 && started.length <= 2 && missed >= OUTAGE_MS / 1_000 - 3
  return { isRight, came: `of the outage ${started.length} came to run, one of them for ${missed} others` }
}

async function pastInstant(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  const worker = await place.worker({ options })
  const { schedules } = place.instance(options)
  await schedules.put('tick', { task: 'work', every: '500ms' })
  await schedules.put('moon', { task: 'work', at: '1969-07-20T20:17Z' })
  const putAt = Date.now()
  await waitFor(() => startsOf('tick', worker).filter((at) => at > putAt).length >= 3, { what: 'runs of the fleet' })
  const [ended] = await waitFor(async () => await schedules.history('moon'), { what: 'the end of the old instant' })
  const isRight = ended?.outcome === 'skipped' && startsOf('moon', worker).length === 0
  return { isRight, came: `the fleet fires on, the old instant is ${ended?.outcome} (${ended?.reason})` }
}

/** What time does: outages, and instants that passed long ago. */
export const TIME_ENTRIES: readonly FieldEntry[] = [
  {
    key: 'outage',
    put: `every: 1s with all defaults, and no worker for ${OUTAGE_MS / 1_000} s`,
    right: 'one run for all that was missed',
    attempt: outage,
  },
  {
    key: 'past',
    put: "put('moon', { at: '1969-07-20T20:17Z' }) beside a schedule every 500 ms",
    right: 'the fleet fires on, the old instant is skipped (catch-up-window)',
    attempt: pastInstant,
  },
]
