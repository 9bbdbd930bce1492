import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { expect, it, onTestFinished } from 'vitest'
import { Everybeat, type Handler } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

function createBeat(handler: Handler): Everybeat {
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix(), logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 0 }))
  beat.task('work', handler)
  return beat
}

const entryOf = (beat: Everybeat, name: string) =>
  waitFor(async () => (await beat.schedules.history(name))[0], { what: `the history entry of ${name}` })

it('a handler does not inherit the async context of start(), resume() or task()', async () => {
  const context = new AsyncLocalStorage<string>()
  const seen: (string | undefined)[] = []
  const beat = createBeat(() => void seen.push(context.getStore()))
  await context.run('of the start', () => beat.start())
  await beat.schedules.put('first', { task: 'work', at: new Date() })
  await entryOf(beat, 'first')
  beat.pause()
  await beat.schedules.put('second', { task: 'work', at: new Date() })
  context.run('of the resume', () => beat.resume())
  await entryOf(beat, 'second')
  context.run('of the task', () => beat.task('other', () => void seen.push(context.getStore())))
  await beat.schedules.put('third', { task: 'other', at: new Date() })
  await entryOf(beat, 'third')
  expect(seen).toEqual([undefined, undefined, undefined])
})

it('a thrown value reaches listeners unchanged, and the history with its stack and its causes', async () => {
  const thrown = new Error('no luck', { cause: new Error('no disk') })
  const beat = createBeat(() => {
    throw thrown
  })
  const told: unknown[] = []
  beat.on('run:retrying', (event, error) => void told.push([event.error, error]))
  beat.on('run:failed', (event, error) => void told.push([event.error, error]))
  await beat.start()
  await beat.schedules.put('bad', {
    task: 'work',
    at: new Date(),
    retries: 1,
    backoff: { type: 'fixed', delay: 1, max: 1 },
  })
  const entry = await entryOf(beat, 'bad')
  expect(entry.error).toBe('Error: no luck')
  expect(entry.stack).toContain('handlers.test.ts')
  expect(entry.stack).toContain('Caused by: Error: no disk')
  await waitFor(() => told.length === 2, { what: 'both events' })
  const data = { name: 'Error', message: 'no luck' }
  expect(told).toEqual([
    [data, thrown],
    [data, thrown],
  ])
  expect((told[0] as unknown[])[1]).toBe(thrown)
})

it('subscribers of a claim are called after the handlers of its runs were called', async () => {
  const order: string[] = []
  const keep = (message: unknown) => {
    const { worker, result } = message as { worker: string; result: string }
    if (worker === beat.health().worker && result === 'won') order.push('claim')
  }
  subscribe('everybeat:claim', keep)
  onTestFinished(() => void unsubscribe('everybeat:claim', keep))
  const beat = createBeat(() => void order.push('handler'))
  const names = ['first', 'second', 'third']
  await beat.schedules.putMany(names.map((name) => ({ name, task: 'work', at: new Date() })))
  await beat.start()
  await waitFor(() => order.includes('claim'), { what: 'the claim' })
  expect(order).toEqual(['handler', 'handler', 'handler', 'claim'])
})

it('diagnostics channels report claims, calls of handlers, settlements and skips', async () => {
  const messages: Record<string, unknown[]> = {}
  const keep = (message: unknown, channel: string | symbol) => void (messages[String(channel)] ??= []).push(message)
  const names = ['everybeat:claim', 'everybeat:settle', 'everybeat:skip']
  for (const name of names) subscribe(name, keep)
  const trace: string[] = []
  const runs = tracingChannel<unknown, { run: { id: string; task: string }; result?: unknown; error?: unknown }>(
    'everybeat:run',
  )
  const context = new AsyncLocalStorage<string>()
  const handlers = {
    start: ({ run }: { run: { id: string } }) => void trace.push(`start ${run.id.split('@')[0]}`),
    asyncEnd: (message: { result?: unknown }) => void trace.push(`end ${String(message.result)}`),
    error: (message: { error?: unknown }) => void trace.push(`error ${String(message.error)}`),
  }
  runs.subscribe(handlers as never)
  runs.start.bindStore(context, (message) => `span of ${(message as { run: { task: string } }).run.task}`)
  onTestFinished(() => {
    for (const name of names) unsubscribe(name, keep)
    runs.unsubscribe(handlers as never)
    runs.start.unbindStore(context)
  })
  const seen: unknown[] = []
  const beat = createBeat(async (run) => {
    seen.push(context.getStore())
    await new Promise((resolve) => setImmediate(resolve))
    seen.push(context.getStore())
    if (run.schedule === 'bad') throw new Error('no luck')
    return 42
  })
  await beat.start()
  await beat.schedules.put('good', { task: 'work', at: new Date() })
  await entryOf(beat, 'good')
  await beat.schedules.put('bad', { task: 'work', at: new Date() })
  await entryOf(beat, 'bad')
  await waitFor(() => messages['everybeat:settle']?.length === 2, { what: 'both settlements' })
  expect(seen).toEqual(Array.from({ length: 4 }, () => 'span of work'))
  expect(trace).toEqual(['start good', 'end 42', 'start bad', 'error Error: no luck', 'end undefined'])
  expect(messages['everybeat:settle']).toMatchObject([
    { schedule: 'good', outcome: 'ok', answer: 'settled', attempt: 1 },
    { schedule: 'bad', outcome: 'failed', answer: 'settled', reason: 'error', error: { message: 'no luck' } },
  ])
  expect(messages['everybeat:claim']).toContainEqual(expect.objectContaining({ result: 'won', runCount: 1, shard: 0 }))
  await beat.schedules.put('old', { task: 'work', at: new Date(Date.now() - 3_600_000), misfire: 'skip' })
  await waitFor(() => messages['everybeat:skip']?.length === 1, { what: 'the skipped occurrence' })
  expect(messages['everybeat:skip']).toMatchObject([{ schedule: 'old', reason: 'misfire', count: 1 }])
})
