import { inspect } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { EVENT_NAMES, Everybeat, type EverybeatOptions, type Logger } from '../../src/index.js'
import { openConnection } from '../../src/redis/connection/client.js'
import { startRedisServer } from '../../src/testing/redis-server.js'
import { nextEvent } from '../support/fleet.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const RIGHT = 'r1ght-passw0rd'
const WRONG = 'wr0ng-passw0rd'
const redis = useRedis({ args: ['--requirepass', RIGHT] })

/** Takes down everything that is said, by logs, events, errors, and on the console, in every detail that can be printed. */
function listen(): { logger: Logger; note: (...all: unknown[]) => void; text: () => string } {
  const said: string[] = []
  const note = (...all: unknown[]): void => {
    for (const one of all) said.push(inspect(one, { depth: 20, showHidden: true, maxStringLength: null }))
  }
  // ioredis has its say on the console.
  for (const name of ['log', 'info', 'warn', 'error'] as const) {
    const original = console[name]
    console[name] = note
    onTestFinished(() => void (console[name] = original))
  }
  return { logger: { debug: note, info: note, warn: note, error: note }, note, text: () => said.join('\n') }
}

/** Does what an instance can be asked for, whether it works or not, and gives back all that was said. */
async function everythingSaid(options: EverybeatOptions): Promise<string> {
  const { logger, note, text } = listen()
  try {
    const beat = new Everybeat({ prefix: uniquePrefix('secrets'), connectTimeoutMs: 400, logger, ...options })
    for (const name of EVENT_NAMES) beat.on(name, note)
    await beat.start().then(note, note)
    await beat.schedules.put('a', { every: '1h' }).then(note, note)
    await beat.schedules.list().then(note, note)
    await beat.diagnose().then(note, note)
    await beat.fleet().then(note, note)
    note(beat.health())
    await beat.stop({ timeoutMs: 100 })
  } catch (error) {
    note(error)
  }
  return text()
}

describe('a password', () => {
  it.each([
    ['a URL', () => `redis://:${WRONG}@127.0.0.1:${redis.port}`],
    ['a URL with a user', () => `redis://somebody:${WRONG}@127.0.0.1:${redis.port}`],
    ['a URL with a query', () => `redis://127.0.0.1:${redis.port}/?password=${WRONG}`],
    ['options', () => ({ port: redis.port, password: WRONG })],
    ['options with a user', () => ({ port: redis.port, username: 'somebody', password: WRONG })],
    ['a URL to nowhere', () => `redis://:${WRONG}@127.0.0.1:1`],
    ['a URL with TLS to a port without', () => `rediss://:${WRONG}@127.0.0.1:${redis.port}`],
    ['a URL that is none', () => `redis//:${WRONG}@127.0.0.1:1`],
    [
      'options of a Sentinel',
      () => ({ sentinels: [{ host: '127.0.0.1', port: redis.port }], name: 'shop', sentinelPassword: WRONG }),
    ],
  ])('a wrong password that comes from %s is in no log, event or error', async (_how, where) => {
    const said = await everythingSaid({ redis: where() })
    expect(said).toContain('ERR_EVERYBEAT_')
    expect(said).not.toContain(WRONG)
  })

  it('a password of a lock node is in no log, event or error', async () => {
    const common = { redis: `redis://:${RIGHT}@127.0.0.1:${redis.port}` }
    const said = await everythingSaid({ ...common, lockNodes: [`redis://:${WRONG}@127.0.0.1:${redis.port}`] })
    expect(said).toContain('lockNodes[0]')
    expect(said).not.toContain(WRONG)
    expect(said).not.toContain(RIGHT)
  })

  it('a correct password is in no log, event or error', async () => {
    const said = await everythingSaid({ redis: `redis://:${RIGHT}@127.0.0.1:${redis.port}` })
    expect(said).toContain('created')
    expect(said).not.toContain(RIGHT)
  })

  it('a password is not in the error of a command that waited for the connection', async () => {
    const { client } = openConnection({ kind: 'url', url: `redis://:${WRONG}@127.0.0.1:${redis.port}` })
    onTestFinished(() => client.disconnect())
    // ioredis gives up what waits with the answer to its AUTH, and keeps the words of that.
    const error = await client.get('a').catch((reason: unknown) => reason)
    expect(inspect(error, { depth: 20, showHidden: true })).toContain('WRONGPASS')
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(WRONG)
  })

  it('a password that is changed under a running worker is in no error of the waiting calls', async () => {
    const server = await startRedisServer({ args: ['--requirepass', RIGHT] })
    onTestFinished(() => server.stop())
    const { logger, note, text } = listen()
    const url = `redis://:${RIGHT}@127.0.0.1:${server.port}`
    const beat = new Everybeat({ redis: url, prefix: uniquePrefix('secrets'), logger, connectTimeoutMs: 2_000 })
    onTestFinished(() => beat.stop({ timeoutMs: 100 }))
    for (const name of EVENT_NAMES) beat.on(name, note)
    await beat.start()
    const admin = redis.connect(url)
    const refused = nextEvent(beat, 'error', ({ context }) => context === 'connection')
    await admin.config('SET', 'requirepass', WRONG)
    const calls = Array.from({ length: 50 }, (_, index) =>
      beat.schedules.put(`s${index}`, { every: '1h' }).then(note, note),
    )
    await admin.client('KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    const more = Array.from({ length: 50 }, (_, index) => beat.schedules.get(`s${index}`).then(note, note))
    expect((await refused).message).toContain('Give the user and the password')
    await Promise.all(more)
    await admin.config('SET', 'requirepass', RIGHT)
    await Promise.all(calls)
    await waitFor(async () => (await beat.schedules.count()) >= 0, { what: 'the worker to reconnect' })
    expect(text()).toContain('WRONGPASS')
    expect(text()).not.toContain(RIGHT)
    expect(text()).not.toContain(WRONG)
  })
})
