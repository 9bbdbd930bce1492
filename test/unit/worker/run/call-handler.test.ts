import { AsyncLocalStorage } from 'node:async_hooks'
import { tracingChannel } from 'node:diagnostics_channel'
import { expect, it, onTestFinished, vi } from 'vitest'
import type { RunTrace } from '../../../../src/worker/channels.js'
import { ActiveRun } from '../../../../src/worker/run/active-run.js'
import { callHandler, GIVE_UP_MS, type Ending, type HandlerCall } from '../../../../src/worker/run/call-handler.js'
import { SYSTEM_TIME } from '../../../../src/time-source.js'

it('a handler that ends after its run was abandoned does not end the run a second time', async () => {
  const active = new ActiveRun({ claimed: { runId: 'late@1' } } as ConstructorParameters<typeof ActiveRun>[0])
  let finish = () => {}
  const handler = () => new Promise<void>((resolve) => (finish = resolve))
  let giveUp = () => {}
  const time = {
    ...SYSTEM_TIME,
    setTimeout: (work: () => void, ms: number) => {
      if (ms === GIVE_UP_MS) giveUp = work
      return SYSTEM_TIME.setTimeout(() => {}, 0)
    },
  }
  const onEnd = vi.fn()
  const call = { task: { handler }, run: {}, active, timeoutMs: null, spentMs: 0, isPublished: false, time, onEnd }
  const ended = callHandler(call as unknown as HandlerCall)
  active.abort('cancelled', 'cancelled')
  giveUp()
  expect(await ended).toMatchObject({ kind: 'aborted', abort: 'cancelled' })
  finish()
  await new Promise((resolve) => setImmediate(resolve))
  expect(onEnd).toHaveBeenCalledTimes(1)
})

const refused = new Error('refused')
const fail = (): never => {
  throw refused
}

/** Calls a handler, and tells whether its run had ended when the call returned. */
async function call(handler: () => unknown, isPublished = false) {
  const claimed = { runId: 'it@1', fields: {}, delivery: 1, traceparent: null }
  const active = new ActiveRun({ claimed } as unknown as ConstructorParameters<typeof ActiveRun>[0])
  const onEnd = vi.fn()
  const facts = { task: { handler }, run: {}, active, timeoutMs: null, spentMs: 0, latenessMs: 0, time: SYSTEM_TIME }
  const ending = callHandler({ ...facts, isPublished, onEnd, onTrace: () => {} } as unknown as HandlerCall)
  const hasEndedAtOnce = onEnd.mock.calls.length > 0
  return { ending: await ending, hasEndedAtOnce, ends: onEnd.mock.calls.length }
}

const HANDLERS: readonly [string, () => unknown, Ending][] = [
  ['returns', () => 7, { kind: 'returned', value: 7 }],
  ['resolves', () => Promise.resolve(7), { kind: 'returned', value: 7 }],
  ['returns a thenable', () => ({ then: (done: (value: number) => void) => done(7) }), { kind: 'returned', value: 7 }],
  ['throws', () => fail(), { kind: 'threw', error: refused }],
  ['rejects', () => Promise.reject(refused), { kind: 'threw', error: refused }],
]

it.each(HANDLERS)(
  'a handler that %s ends its run once, and not before its call has returned',
  async (_, handler, ending) => {
    expect(await call(handler)).toEqual({ ending, hasEndedAtOnce: false, ends: 1 })
  },
)

it.each(HANDLERS)(
  'everybeat:run tells of a handler that %s as tracePromise does, with its end inside its context',
  async (_, handler, ending) => {
    const told: unknown[] = []
    const channels = tracingChannel<unknown, RunTrace>('everybeat:run')
    const storage = new AsyncLocalStorage<string>()
    channels.start.bindStore(storage as never, () => 'inside' as never)
    const tell = (name: string) => (message: RunTrace) =>
      void told.push([name, storage.getStore(), 'error' in message ? message.error : message.result])
    const subscribers = {
      start: tell('start'),
      end: tell('end'),
      asyncStart: tell('asyncStart'),
      asyncEnd: tell('asyncEnd'),
      error: tell('error'),
    }
    channels.subscribe(subscribers)
    onTestFinished(() => void channels.unsubscribe(subscribers))
    onTestFinished(() => void channels.start.unbindStore(storage as never))
    expect((await call(handler, true)).ending).toEqual(ending)
    const result = 'value' in ending ? ending.value : refused
    expect(told).toEqual([
      ['start', 'inside', undefined],
      ['end', 'inside', undefined],
      ...('error' in ending ? [['error', 'inside', refused]] : []),
      ['asyncStart', 'inside', result],
      ['asyncEnd', 'inside', result],
    ])
  },
)
