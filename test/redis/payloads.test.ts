import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Run, StandardSchema } from '../../src/index.js'
import { createFleet } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const DUE = { at: 1_700_000_000_000, catchUpWindow: '9999d', misfireGrace: '9999d' } as const

const LIBRARIES: [string, StandardSchema<{ to: string; count?: number }, unknown>][] = [
  ['zod', z.object({ to: z.string().min(1), count: z.number().int().default(1) }) as never],
  ['valibot', v.object({ to: v.pipe(v.string(), v.minLength(1)), count: v.optional(v.number(), 1) }) as never],
  [
    'a validator of its own that answers later',
    {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          await Promise.resolve()
          const { to, count = 1 } = (value ?? {}) as { to?: unknown; count?: number }
          if (typeof to === 'string' && to !== '') return { value: { to, count } }
          return { issues: [{ message: 'must be text', path: ['to'] }] }
        },
      },
    },
  ],
]

describe.each(LIBRARIES)('a schema of %s', (_library, schema) => {
  function fleetOf() {
    const ran: Run[] = []
    const fleet = createFleet(redis.url)
    const handles = fleet.workers.map((beat) =>
      beat.task('job', { schema, retries: 3 }, (run) => void ran.push(run as Run)),
    )
    return { fleet, ran, handle: handles[0]! }
  }

  it('a schema checks the payload of each kind of write, and a refused payload is not written', async () => {
    const { fleet, handle } = fleetOf()
    const [worker] = fleet.workers
    const wrong = { code: 'ERR_EVERYBEAT_PAYLOAD', message: expect.stringMatching(/schema of task "job": to: /) }
    const payload = { to: 7 as never }
    await expect(handle.schedule('it', { every: '1h', payload })).rejects.toMatchObject(wrong)
    await expect(handle.schedule('it', { every: '1h' } as never)).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_PAYLOAD',
    })
    await expect(handle.run(payload)).rejects.toMatchObject(wrong)
    await expect(worker!.schedules.put('it', { task: 'job', every: '1h', payload })).rejects.toMatchObject(wrong)
    const many = [
      { name: 'good', task: 'job', every: '1h', payload: { to: 'x' } },
      { name: 'it', task: 'job', every: '1h', payload },
    ]
    await expect(worker!.schedules.putMany(many)).rejects.toMatchObject(wrong)
    await expect(worker!.sync(many, { owner: 'svc' })).rejects.toMatchObject(wrong)
    expect(await fleet.control.schedules.count()).toBe(0)
    await handle.schedule('it', { every: '1h', payload: { to: 'ops' } })
    await expect(worker!.schedules.patch('it', { payload })).rejects.toMatchObject(wrong)
    await expect(worker!.schedules.trigger('it', { payload })).rejects.toMatchObject(wrong)
    expect((await fleet.control.schedules.get('it'))?.payload).toEqual({ to: 'ops' })
  })

  it('a schema checks the payload at each fire, and the handler gets the output of the schema', async () => {
    const { fleet, ran } = fleetOf()
    // A control client knows no schema, and neither does redis-cli.
    await fleet.control.schedules.put('right', { ...DUE, task: 'job', payload: { to: 'ops' } })
    await fleet.control.schedules.put('wrong', { ...DUE, task: 'job', payload: { to: '' } })
    await fleet.start()
    await fleet.history('right', 1)
    expect(await fleet.history('wrong', 1)).toMatchObject([
      {
        outcome: 'failed',
        reason: 'payload',
        attempt: 1,
        error: expect.stringContaining('schema of task "job": to: '),
      },
    ])
    expect(ran.map(({ payload }) => payload)).toEqual([{ to: 'ops', count: 1 }])
    expect(fleet.told.some(({ name }) => name === 'run:retrying')).toBe(false)
  })
})

describe('payloads', () => {
  it('payloads may be 256 KiB as JSON, and not a byte more', async () => {
    const ran: Run[] = []
    const fleet = createFleet(redis.url, { workers: 1, tasks: (beat) => beat.task('job', (run) => void ran.push(run)) })
    const largest = 'é'.repeat((256 * 1024 - 2) / 2)
    await fleet.control.schedules.put('it', { ...DUE, task: 'job', payload: largest })
    await expect(
      fleet.control.schedules.put('it', { ...DUE, task: 'job', payload: `${largest}x` }),
    ).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_PAYLOAD', message: expect.stringContaining('262145 bytes') })
    await fleet.start()
    await fleet.next('run:succeeded')
    expect(ran[0]!.payload).toBe(largest)
  })

  it('payloads keep dangerous keys as data, through Redis and back, from the API and from redis-cli', async () => {
    const ran: Run<Record<string, unknown>>[] = []
    const fleet = createFleet(redis.url, { tasks: (beat) => beat.task('job', (run) => void ran.push(run as never)) })
    const text = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":1}'
    await fleet.control.schedules.put('api', { ...DUE, task: 'job', payload: JSON.parse(text) as unknown })
    await fleet.redis.hset(fleet.key('schedule', 'cli'), {
      task: 'job',
      at: '1700000000000',
      catchUpWindow: '9999d',
      payload: text,
    })
    await fleet.start()
    await fleet.history('api', 1)
    await fleet.history('cli', 1)
    await fleet.control.schedules.trigger('api', { payload: JSON.parse(text) as unknown })
    await fleet.history('api', 2)
    expect(ran).toHaveLength(3)
    for (const { payload } of ran) {
      expect(JSON.stringify(payload)).toBe(text)
      expect(Object.hasOwn(payload, '__proto__')).toBe(true)
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  it('each run gets a copy of the payload, so a handler that changes its copy does not affect the next run', async () => {
    const ran: unknown[] = []
    const fleet = createFleet(redis.url, {
      workers: 1,
      tasks: (beat) =>
        beat.task('job', ({ payload }) => {
          ran.push(structuredClone(payload))
          ;(payload as { list: number[] }).list.push(1)
        }),
    })
    await fleet.control.schedules.put('it', { task: 'job', every: 100, payload: { list: [] } })
    await fleet.start()
    await expect.poll(() => ran.length).toBeGreaterThan(1)
    expect(ran.slice(0, 2)).toEqual([{ list: [] }, { list: [] }])
  })
})

describe('a schema that never answers', () => {
  const hanging: StandardSchema<unknown, unknown> = {
    '~standard': { version: 1, vendor: 'test', validate: () => new Promise(() => {}) },
  }

  function fleetOf() {
    const ran: string[] = []
    const fleet = createFleet(redis.url, {
      workers: 1,
      concurrency: 1,
      tasks: (beat) => {
        beat.task('stuck', { schema: hanging }, ({ id }) => void ran.push(id))
        beat.task('free', ({ schedule }) => void ran.push(schedule))
      },
    })
    return { fleet, ran }
  }

  it('a run whose schema never answers ends at its timeout, and frees its slot and its lease', async () => {
    const { fleet, ran } = fleetOf()
    await fleet.control.schedules.put('it', { ...DUE, task: 'stuck', timeout: 100, retries: 1, backoff: { delay: 10 } })
    await fleet.start()
    await fleet.next('run:retrying')
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'failed', reason: 'timeout', attempt: 2 }])
    await fleet.control.schedules.put('other', { ...DUE, task: 'free' })
    await fleet.history('other', 1)
    expect(ran).toEqual(['other'])
    expect(await fleet.redis.exists(fleet.key('lease', 'it'))).toBe(0)
  })

  it('a run whose schema never answers ends when it is cancelled', async () => {
    const { fleet, ran } = fleetOf()
    await fleet.control.schedules.put('it', { ...DUE, task: 'stuck' })
    await fleet.start()
    const runs = () => fleet.control.schedules.runs({ state: 'running' })
    await expect.poll(runs).toHaveLength(1)
    await fleet.control.schedules.cancel((await runs())[0]!.runId)
    expect(await fleet.history('it', 1)).toMatchObject([{ outcome: 'cancelled' }])
    expect(ran).toEqual([])
  })
})
