import { Agenda } from 'agenda'
import { RedisBackend } from '@agendajs/redis-backend'
import { Queue } from 'bullmq'
import { describe, expect, it, onTestFinished } from 'vitest'
import { finishEntries, KEY_FORMATS, type ImportedEntry } from '../../src/moving-in/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'

const redis = useRedis()

async function read(format: string, sourcePrefix: string): Promise<Record<string, ImportedEntry>> {
  const { drafts } = await KEY_FORMATS[format]!({ source: redis.url, sourcePrefix, tz: 'UTC' })
  const entries = finishEntries(drafts, { now: Date.now(), renames: true })
  return Object.fromEntries(entries.map((entry) => [entry.name, entry]))
}

describe('the keys that BullMQ writes', () => {
  async function createQueue(prefix: string): Promise<Queue> {
    const queue = new Queue('mail', { connection: { port: redis.port, host: '127.0.0.1' }, prefix })
    onTestFinished(() => queue.close())
    await queue.waitUntilReady()
    return queue
  }

  it('the keys of BullMQ give a definition for each job scheduler, whatever its id holds', async () => {
    const prefix = uniquePrefix('bull')
    const queue = await createQueue(prefix)
    const repeat = { pattern: '0 3 * * *', tz: 'Europe/Berlin', limit: 10, endDate: new Date('2036-01-01') }
    const opts = { attempts: 4, backoff: { type: 'exponential', delay: 2_000 }, priority: 3 }
    await queue.upsertJobScheduler('nightly:report', repeat, { name: 'send', data: { a: 1 }, opts })
    const entries = await read('bullmq', prefix)
    expect(Object.keys(entries)).toEqual(['nightly:report'])
    expect(entries['nightly:report']).toMatchObject({
      source: `${prefix}:mail:repeat:nightly:report`,
      definition: {
        task: 'send',
        cron: '0 3 * * *',
        tz: 'Europe/Berlin',
        dstGap: 'shift',
        payload: { a: 1 },
        limit: 10,
        end: '2036-01-01T00:00:00.000Z',
        overlap: 'allow',
        retries: 3,
        backoff: { type: 'exponential', delay: 2_000 },
      },
    })
    expect(entries['nightly:report']!.notes).toContain('priority has no counterpart')
  })

  it('the interval of a job scheduler keeps its grid, so the next job of BullMQ is an occurrence of the schedule', async () => {
    const prefix = uniquePrefix('bull')
    const queue = await createQueue(prefix)
    await queue.upsertJobScheduler('often', { every: 600_000 }, { name: 'ping' })
    const [scheduler] = await queue.getJobSchedulers()
    const { definition } = (await read('bullmq', prefix))['often']!
    expect(definition).toMatchObject({ every: '10m', anchor: new Date(scheduler!.next!).toISOString() })
  })

  it('an old repeatable job of BullMQ is refused, and the refusal names the job', async () => {
    const prefix = uniquePrefix('bull')
    await redis.client.zadd(`${prefix}:mail:repeat`, 1, 'send:::0 3 * * *')
    expect((await read('bullmq', prefix))['send:::0 3 * * *']?.reason).toMatch(/an old version of BullMQ/)
  })
})

describe('the keys that Agenda writes', () => {
  it('the keys of Agenda give a definition for each job that repeats or has yet to run', async () => {
    const keyPrefix = `${uniquePrefix('agenda')}:`
    const agenda = new Agenda({ backend: new RedisBackend({ connectionString: redis.url, keyPrefix }) })
    onTestFinished(() => agenda.stop())
    await agenda.ready
    await agenda.every('5 minutes', 'report', { x: 1 })
    await agenda.every('0 9 * * *', 'daily', {}, { timezone: 'Europe/Berlin', skipImmediate: true })
    await agenda.schedule('2036-01-01T00:00:00Z', 'once', { y: 1 })
    await agenda.create('afternoon', {}).repeatAt('3:30pm').save()
    await agenda.create('fortnightly', {}).repeatEvery('two weeks').disable().save()
    const entries = await read('agenda', keyPrefix)
    expect(entries).toMatchObject({
      report: { definition: { task: 'report', every: '5m', payload: { x: 1 } } },
      daily: { definition: { cron: '0 9 * * *', tz: 'Europe/Berlin', dstGap: 'shift' } },
      once: { definition: { at: '2036-01-01T00:00:00.000Z', payload: { y: 1 } } },
      afternoon: { definition: { cron: '30 15 * * *' } },
      fortnightly: { definition: { every: '14d', enabled: false } },
    })
  })
})
