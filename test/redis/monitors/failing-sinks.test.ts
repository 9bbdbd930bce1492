import { describe, expect, it } from 'vitest'
import {
  betterStack,
  cronitor,
  healthchecks,
  sentryCrons,
  webhook,
  type MonitorEvent,
  type MonitorSink,
} from '../../../src/monitors/index.js'
import { startService } from '../../support/service-stand-in.js'

const SINKS: readonly [name: string, make: (url: string) => MonitorSink][] = [
  ['healthchecks', (url) => healthchecks({ pingKey: 'secret-key', baseUrl: url })],
  ['cronitor', (url) => cronitor({ apiKey: 'secret-key', baseUrl: url })],
  ['sentryCrons', (url) => sentryCrons({ dsn: 'https://secret-key@o1.invalid/42', baseUrl: url })],
  ['betterStack', (url) => betterStack({ token: 'secret-key', baseUrl: url })],
  ['webhook', (url) => webhook({ url, headers: { authorization: 'secret-key' } })],
]
const FAILURE: MonitorEvent = {
  kind: 'failure',
  schedule: 'nightly',
  runId: 'nightly@1795766400000',
  scheduledAt: 1_795_766_400_000,
  reason: 'error',
}

/** What a sink throws; fails where it throws nothing. */
async function errorOf(sink: MonitorSink, timeoutMs = 10_000): Promise<Error & { isFinal?: boolean }> {
  const thrown: unknown = await sink.send(FAILURE, AbortSignal.timeout(timeoutMs)).then(
    () => null,
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(Error)
  return thrown as Error & { isFinal?: boolean }
}

describe.each(SINKS)('the sink %s', (name, make) => {
  it.each([400, 401, 404, 410])(`${name}: an answer of %i is final, and its error names no secret`, async (status) => {
    const { url } = await startService((response) => void response.writeHead(status).end('no'))
    const error = await errorOf(make(url))
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR', isFinal: true })
    expect(error.message).toContain(String(status))
    expect(JSON.stringify([error.message, error.stack])).not.toContain('secret-key')
  })

  it.each([408, 429, 500, 503])(`${name}: an answer of %i may be tried again`, async (status) => {
    const { url } = await startService((response) => void response.writeHead(status).end())
    expect(await errorOf(make(url))).toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR', isFinal: false })
  })

  it(`${name}: no answer within the time is an error that may be tried again`, async () => {
    const { url } = await startService(() => {})
    const error = await errorOf(make(url), 50)
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR', isFinal: false })
    expect(error.message).not.toContain('secret-key')
  })

  it(`${name}: a connection that breaks off, and none at all, are errors that may be tried again`, async () => {
    const { url } = await startService((response) => void response.socket?.destroy())
    expect(await errorOf(make(url))).toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR', isFinal: false })
    // The port of discard: nothing listens there.
    const error = await errorOf(make('http://127.0.0.1:9'))
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR', isFinal: false })
    expect(error.message).not.toContain('secret-key')
  })

  it(`${name}: a redirect is not followed`, async () => {
    const elsewhere = await startService((response) => void response.end())
    const { url } = await startService((response) => {
      response.writeHead(302, { location: `${elsewhere.url}/taken` }).end()
    })
    expect(await errorOf(make(url))).toMatchObject({ code: 'ERR_EVERYBEAT_MONITOR' })
    expect(elsewhere.received).toEqual([])
  })
})
