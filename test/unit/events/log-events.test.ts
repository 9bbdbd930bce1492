import { expect, it } from 'vitest'
import { createLineWriter, logEvents } from '../../../src/events/log-events.js'
import { IsolatedEmitter } from '../../../src/events/isolated-emitter.js'

class Events extends IsolatedEmitter {
  override send = super.send.bind(this)
}

const RUN = {
  runId: 'daily@86400000',
  schedule: 'daily',
  task: 'report',
  scheduledAt: 86_400_000,
  worker: 'w',
  attempt: 2,
  fence: 3,
}

/** A logger of the console's shape, or of pino's, that keeps its calls. */
function createLogger(extra: object = {}) {
  const calls: unknown[][] = []
  const write =
    (level: string) =>
    (...args: unknown[]) =>
      void calls.push([level, ...args])
  return { calls, ...extra, debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

it('the line of a failed run has schedule, run id and message; its details have the error as it was thrown', () => {
  const events = new Events()
  const logger = createLogger()
  logEvents(events, createLineWriter(logger))
  const thrown = new Error('no luck', { cause: new Error('no disk') })
  const error = { name: 'Error', message: 'no luck' }
  events.send('run:failed', { ...RUN, durationMs: 5, reason: 'error', error }, thrown)
  const message = '[everybeat] daily of 1970-01-02T00:00:00.000Z (run daily@86400000) failed in attempt 2: no luck'
  expect(logger.calls).toEqual([['error', message, expect.objectContaining({ schedule: 'daily', error: thrown })]])
})

it('pino gets the details before the message', () => {
  const events = new Events()
  const logger = createLogger({ bindings: () => ({}) })
  logEvents(events, createLineWriter(logger))
  events.send('lease:lost', { ...RUN, reason: 'gone' })
  expect(logger.calls[0]).toEqual(['warn', expect.objectContaining({ runId: RUN.runId }), expect.any(String)])
})

it('a name or a message never begins a log line of its own, nor writes to the terminal', () => {
  const events = new Events()
  const logger = createLogger()
  logEvents(events, createLineWriter(logger))
  events.send('error', { name: 'Error', message: 'a\n[everybeat] b \u001b[2J\u202e', context: 'claim' })
  expect(logger.calls[0]![1]).toBe('[everybeat] claim: a\\n[everybeat] b \\u{1b}[2J\\u{202e}')
})

it('an error that the logger throws does not reach the emitter of the event', () => {
  const events = new Events()
  const logger = createLogger({ bindings: undefined })
  logger.warn = () => {
    throw new Error('disk full')
  }
  logEvents(events, createLineWriter(logger))
  expect(() => events.send('lease:lost', { ...RUN, reason: 'gone' })).not.toThrow()
})
