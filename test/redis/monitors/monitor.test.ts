import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type DefinitionShape, type EverybeatEvents, type Handler } from '../../../src/index.js'
import {
  cronitor,
  monitor,
  webhook,
  type MonitorEvent,
  type MonitorOptions,
  type MonitorTarget,
} from '../../../src/monitors/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { startService } from '../../support/service-stand-in.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const ALL = { match: '*', retryDelays: [10, 10] } satisfies MonitorOptions

async function startBeat(handler: Handler, target: MonitorTarget, options: MonitorOptions = ALL) {
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix('monitor'), logger: false })
  onTestFinished(() => beat.stop())
  const errors: Parameters<EverybeatEvents['error']>[0][] = []
  beat.on('error', (event) => void errors.push(event))
  beat.task('work', handler)
  const watching = monitor(beat, options, target)
  await beat.start()
  return { beat, errors, watching }
}

async function runOnce(beat: Everybeat, name: string, more: DefinitionShape = {}): Promise<string> {
  await beat.schedules.put(name, { task: 'work', at: new Date(), ...more } as never)
  const entry = await waitFor(async () => (await beat.schedules.history(name))[0], { what: `the end of ${name}` })
  return entry.outcome
}

const fail = (): never => {
  throw new Error('no paper')
}

describe('monitor', () => {
  it('a monitor reports the start and the end of a run, and only of matching schedules', async () => {
    const events: MonitorEvent[] = []
    const { beat, watching } = await startBeat(
      () => {},
      (event) => events.push(event),
      { match: 'shop:*', tag: 'paged' },
    )
    await runOnce(beat, 'shop:untagged')
    await runOnce(beat, 'bank:a', { tags: ['paged'] })
    await runOnce(beat, 'shop:a', { tags: ['paged'], tz: 'Europe/Berlin' })
    await waitFor(() => events.length === 2, { what: 'both reports' })
    await watching.flush()
    expect(events).toMatchObject([
      { kind: 'start', schedule: 'shop:a', task: 'work', definition: { tz: 'Europe/Berlin', tags: ['paged'] } },
      { kind: 'success', schedule: 'shop:a', runId: events[0]?.runId },
    ])
  })

  it('a monitor reports failures, the pause that follows them and the recovery', async () => {
    const events: MonitorEvent[] = []
    let isBroken = true
    const { beat } = await startBeat(
      () => (isBroken ? fail() : undefined),
      (event) => events.push(event),
    )
    await beat.schedules.put('flaky', { task: 'work', every: '1d', pauseAfter: 1 })
    await beat.schedules.trigger('flaky')
    const kinds = () => events.map(({ kind }) => kind)
    await waitFor(() => kinds().includes('paused'), { what: 'the report of the pause' })
    isBroken = false
    await beat.schedules.resume('flaky')
    await beat.schedules.trigger('flaky')
    await waitFor(() => kinds().includes('recovered'), { what: 'the report of the recovery' })
    expect(kinds()).toEqual(['start', 'failure', 'paused', 'start', 'success', 'recovered'])
    expect(events[1]).toMatchObject({ reason: 'error', error: { name: 'Error', message: 'no paper' } })
  })

  it('a monitor reports missed occurrences and late ones', async () => {
    const events: MonitorEvent[] = []
    const { beat } = await startBeat(
      () => {},
      (event) => events.push(event),
      { match: '*', lateAfter: 1_000 },
    )
    const at = new Date(Date.now() - 3_600_000)
    await beat.schedules.put('missed', { task: 'work', at, misfire: 'skip' })
    await waitFor(() => events.some(({ kind }) => kind === 'missed'), { what: 'the report of the missed occurrence' })
    expect(events[0]).toMatchObject({ kind: 'missed', schedule: 'missed', reason: 'misfire', count: 1 })
    await runOnce(beat, 'late', { at: new Date(Date.now() - 5_000), misfireGrace: '1h' })
    await waitFor(() => events.some(({ kind }) => kind === 'late'), { what: 'the report of the late occurrence' })
  })
})

describe('a sink that does not work', () => {
  it('a sink that hangs delays no run, and is reported once', async () => {
    const { url, received } = await startService(() => {})
    const target = cronitor({ apiKey: 'secret-key', baseUrl: url })
    const { beat, errors, watching } = await startBeat(() => {}, target, { ...ALL, timeout: 50 })
    for (const name of ['a', 'b', 'c']) expect(await runOnce(beat, name)).toBe('ok')
    await watching.flush()
    expect(received.length).toBeGreaterThan(3)
    expect(errors).toMatchObject([
      { code: 'ERR_EVERYBEAT_MONITOR', context: 'monitor cronitor', message: expect.stringContaining('in time') },
    ])
    expect(JSON.stringify(errors)).not.toContain('secret-key')
  })

  it('a report is sent again with the same id until an outage of the sink ends', async () => {
    const { url, received } = await startService((response, count) => {
      response.writeHead(count < 3 ? 503 : 204).end()
    })
    const { beat, errors, watching } = await startBeat(() => {}, webhook({ url }))
    await runOnce(beat, 'a')
    await waitFor(() => received.length === 4, { what: 'three tries and the end' })
    await watching.flush()
    expect(new Set(received.slice(0, 3).map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(errors).toEqual([])
  })

  it('a request with the answer 401 is not repeated, and the end of the fault is reported too', async () => {
    const { url, received } = await startService(
      (response, count) => void response.writeHead(count < 2 ? 401 : 200).end(),
    )
    const { beat, errors } = await startBeat(() => {}, webhook({ url }))
    await runOnce(beat, 'a')
    await waitFor(() => errors.length === 2, { what: 'both errors' })
    expect(received).toHaveLength(2)
    expect(errors).toMatchObject([
      { message: `${url} answered 401: ""` },
      { recoveredAfterMs: expect.any(Number), context: 'monitor webhook' },
    ])
  })

  it('a sink function that throws or never ends disturbs no run', async () => {
    let count = 0
    const target = (): unknown => (count++ === 0 ? fail() : new Promise(() => {}))
    const { beat, errors, watching } = await startBeat(() => {}, target, { ...ALL, timeout: 50 })
    expect(await runOnce(beat, 'a')).toBe('ok')
    expect(await runOnce(beat, 'b')).toBe('ok')
    await watching.flush()
    expect(errors).toMatchObject([{ message: 'no paper', context: 'monitor target' }])
  })

  it('a full queue drops the oldest reports, and says so', async () => {
    const { beat, errors, watching } = await startBeat(
      () => {},
      () => new Promise(() => {}),
      {
        ...ALL,
        queueSize: 1,
      },
    )
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) await runOnce(beat, name)
    await waitFor(() => errors.length === 1, { what: 'the error' })
    expect(errors[0]?.message).toContain('dropped')
    watching.close()
    await watching.flush()
  })
})

it('monitor refuses unknown options and a value that is no sink', () => {
  const beat = new Everybeat({ redis: redis.url, logger: false })
  onTestFinished(() => beat.stop())
  expect(() => monitor(beat, {}, () => {})).toThrow(/^match: /)
  expect(() => monitor(beat, { match: '*', speed: 1 } as never, () => {})).toThrow(/^speed: /)
  expect(() => monitor(beat, { match: '*' }, {} as never)).toThrow(/^sink: /)
})
