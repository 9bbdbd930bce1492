import { waitFor } from '../../support/wait-for.js'
import type { FieldEntry, Outcome } from '../entry.js'
import { startsOf, type Place } from '../place.js'

const LIMIT = 3

async function poisonedHistory(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  const worker = await place.worker({ options })
  const { schedules } = place.instance(options)
  const names = ['a', 'b', 'c', 'd']
  await place.client(redis).xadd('{field}:history:b', '18446744073709551615-18446744073709551615', 'at', '1')
  await schedules.putMany(names.map((name) => ({ name, task: 'work', every: '1s' })))
  const others = names.filter((name) => name !== 'b')
  const settled = async (): Promise<number> => {
    const histories = await Promise.all(others.map((name) => schedules.history(name)))
    return histories.filter((entries) => entries.filter(({ outcome }) => outcome === 'ok').length >= 3).length
  }
  await waitFor(async () => (await settled()) === others.length, { what: 'the histories of the others' })
  const own = startsOf('b', worker).length
  return { isRight: own > 0, came: `${await settled()} of 3 others are settled; it itself has run ${own} times` }
}

async function lostStates(place: Place): Promise<Outcome> {
  const { url: redis } = await place.server()
  const options = { redis, prefix: 'field' }
  const worker = await place.worker({ options })
  const { schedules } = place.instance(options)
  await schedules.put('once', { task: 'work', at: new Date(Date.now() - 500).toISOString() })
  await schedules.put('thrice', { task: 'work', every: '300ms', limit: LIMIT })
  const ends = async (name: string): Promise<number> => (await schedules.history(name)).length
  await waitFor(async () => (await ends('once')) === 1 && (await ends('thrice')) === LIMIT, { what: 'all ends' })
  const client = place.client(redis)
  await client.del('{field}:state:once', '{field}:state:thrice')
  for (const name of ['once', 'thrice']) {
    const what = `${name} to be taken in again`
    await waitFor(async () => (await schedules.get(name))?.state === 'finished', { what, timeoutMs: 20_000 })
  }
  await schedules.put('mark', { task: 'work', at: new Date(Date.now() + 1_000).toISOString() })
  await worker.next('start', ({ schedule }) => schedule === 'mark')
  const [once, thrice] = [startsOf('once', worker).length, startsOf('thrice', worker).length]
  return {
    isRight: once === 1 && thrice === LIMIT,
    came: `${once} start of the one-shot, ${thrice} of limit: ${LIMIT}`,
  }
}

/** What other programs, or a server under pressure, do to the engine's own keys. */
export const HARM_ENTRIES: readonly FieldEntry[] = [
  {
    key: 'poison',
    put: 'XADD {p}:history:b with the last possible id, beside three other schedules every second',
    right: 'the others are settled, and the schedule itself continues',
    attempt: poisonedHistory,
  },
  {
    key: 'lost-state',
    put: `DEL of the states of a one-shot that is done and of a schedule that has reached limit: ${LIMIT}`,
    right: `one start of the one-shot, ${LIMIT} of the other`,
    attempt: lostStates,
  },
]
