import { nameOf } from '../harness/plans.mjs'
import { delay } from '../harness/time.mjs'

const COUNT = 5_000
const PERIOD_MS = 5_000
/** The memory of a server that no longer falls has settled, ms. */
const SETTLED_MS = 1_500
/** From the registration to the one instant of a cron, ms. */
const AHEAD_MS = 6_000

/** The memory of a schedule in Redis once it has fired, and with twenty entries in its history. */
export default {
  name: 'fired-memory',
  title: `Redis's memory of a schedule that has fired (${COUNT}, 40-byte names, a small payload)`,
  drivers: ['everybeat'],
  cells: () => [
    { label: 'a cron, once', fires: 1 },
    { label: 'every 5 s, once', fires: 1, everyMs: PERIOD_MS },
    { label: 'every 5 s, 20 times', fires: 20, everyMs: PERIOD_MS },
  ],
  columns: [
    { key: 'bytesBefore', title: 'bytes before it fires', digits: 0 },
    { key: 'bytes', title: 'bytes after', digits: 0 },
    { key: 'entries', title: 'entries', digits: 1 },
  ],
  compare: { key: 'bytes', better: 'lower' },
  refuse: () => null,
  async measure(stage, { fires, everyMs }) {
    await fireOne(stage)
    const empty = await usedMemory(stage.redis)
    const plan = { first: 0, count: COUNT, ...(everyMs ? { everyMs } : { cron: cronIn(AHEAD_MS) }) }
    await stage.register([plan])
    const registered = await usedMemory(stage.redis)
    const fleet = await stage.startFleet({ processes: 1, plans: [plan], settings: { everybeat: { concurrency: 200 } } })
    while ((await fleet.count()) < COUNT * fires) await delay(50)
    // A fleet that stops settles what has started.
    await fleet.stop()
    const bytes = ((await settledMemory(stage.redis)) - empty) / COUNT
    return { bytesBefore: (registered - empty) / COUNT, bytes, entries: await meanEntries(stage.redis) }
  },
}

/**
 * The part of the memory that belongs to no schedule: with the first fire a server gets the texts of the scripts, a histogram of 24 KB for
 * each command that they call, and the keys that all schedules share.
 */
async function fireOne(stage) {
  const plan = { first: COUNT, count: 1, cron: cronIn(AHEAD_MS) }
  await stage.register([plan])
  const fleet = await stage.startFleet({ processes: 1, plans: [plan] })
  while ((await fleet.count()) < 1) await delay(50)
  await fleet.stop()
}

/** A cron with one instant in the next hour. */
function cronIn(ms) {
  const at = new Date(Date.now() + ms)
  return `${at.getUTCSeconds()} ${at.getUTCMinutes()} * * * *`
}

async function meanEntries(redis) {
  const pipeline = redis.pipeline()
  for (let id = 0; id < COUNT; id += 1) pipeline.xlen(`{benchmark}:history:${nameOf(id)}`)
  const lengths = await pipeline.exec()
  return lengths.reduce((sum, [, length]) => sum + length, 0) / COUNT
}

/**
 * The table of the keys that expire is as large as the most leases of one moment. Once they are gone, Redis makes it
 * small again within a second.
 */
async function settledMemory(redis) {
  let [bytes, since] = [await usedMemory(redis), Date.now()]
  while (Date.now() - since < SETTLED_MS) {
    await delay(50)
    const now = await usedMemory(redis)
    if (now < bytes) [bytes, since] = [now, Date.now()]
  }
  return bytes
}

async function usedMemory(redis) {
  return Number(/used_memory:(\d+)/.exec(await redis.info('memory'))[1])
}
