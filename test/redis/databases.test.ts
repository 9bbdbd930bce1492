import { Redis } from 'ioredis'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { createKeys } from '../../src/redis/keys.js'
import { nextEvent } from '../support/fleet.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

function createIn(database: number, prefix: string): Everybeat {
  const beat = new Everybeat({ redis: `${redis.url}/${database}`, prefix, logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 1_000 }))
  return beat
}

/** A client of a database, closed after the test. */
function clientOf(database: number): Redis {
  const client = new Redis(`${redis.url}/${database}`)
  onTestFinished(() => client.disconnect())
  return client
}

describe('fleets of one prefix in two databases of a server', () => {
  it('fleets of one prefix in two databases get no messages of each other, and each gets its own', async () => {
    const prefix = uniquePrefix()
    const [zero, one] = [createIn(0, prefix), createIn(1, prefix)]
    const foreign: string[] = []
    await zero.start()
    zero.on('worker:joined', ({ worker }) => foreign.push(worker))
    zero.on('schedule:changed', ({ schedule }) => foreign.push(schedule))
    const changed = nextEvent(one, 'schedule:changed', ({ schedule }) => schedule === 'theirs')
    const joined = nextEvent(one, 'worker:joined')
    await one.start()
    await joined
    await one.schedules.put('theirs', { every: '1h' })
    await changed
    // Messages come in their order: what this fleet says of itself comes behind what the other has said.
    const own = nextEvent(zero, 'schedule:changed', ({ schedule }) => schedule === 'ours')
    await zero.schedules.put('ours', { every: '1h' })
    await own
    expect(foreign).toEqual(['ours'])
  })

  it('messages name their database, except in database 0, where they have the form of earlier versions', async () => {
    const prefix = uniquePrefix()
    const heard: string[] = []
    const listener = clientOf(0)
    listener.on('message', (_channel, message: string) => heard.push(message))
    await listener.subscribe(createKeys(prefix, 0, 1).wake)
    await createIn(0, prefix).schedules.put('a', { every: '1h' })
    await createIn(3, prefix).schedules.put('b', { every: '1h' })
    await waitFor(() => heard.some((message) => message.startsWith('db3 head')), { what: 'the message of database 3' })
    expect(heard.map((message) => message.replace(/\d{5,}/, 'N'))).toEqual([
      'changed a',
      'head N 1',
      'db3 changed b',
      'db3 head N 1',
    ])
  })

  it('fleets of one prefix in two databases of a server do not restore a removed schedule when the other database is flushed', async () => {
    const prefix = uniquePrefix()
    const beat = createIn(0, prefix)
    await beat.task('work', () => {}).schedule('declared', { every: '1h' })
    await beat.start()
    await waitFor(async () => (await beat.fleet())[0]?.id !== undefined, { what: 'the worker' })
    await beat.schedules.remove('declared')
    const other = clientOf(1)
    await other.set('anything', '1')
    await other.flushdb()
    // The heartbeat that the flush asks for has been answered when the next one shows in the record.
    const record = async () =>
      (await clientOf(0).zscore(createKeys(prefix, 0, 1).workers, (await beat.fleet())[0]!.id))!
    const before = await record()
    await waitFor(async () => (await record()) > before, { what: 'a heartbeat after the flush' })
    expect(await beat.schedules.count()).toBe(0)
  })

  it('a fleet restores the schedules that code declares when its own database is flushed', async () => {
    const prefix = uniquePrefix()
    const beat = createIn(2, prefix)
    await beat.task('work', () => {}).schedule('declared', { every: '1h' })
    await beat.start()
    await clientOf(2).flushdb()
    await waitFor(async () => (await beat.schedules.count()) === 1, {
      what: 'the declared schedule',
    })
  })
})
