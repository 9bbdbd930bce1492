import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { Everybeat, type Logger } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'

const redis = useRedis({ args: ['--requirepass', 'right-password'] })
const WRONG = 'wr0ng-passw0rd'

/** Everything that an instance says, by logs, events and errors, in every detail that somebody might print. */
async function everythingSaid(make: (logger: Logger) => Everybeat): Promise<string> {
  const said: unknown[] = []
  const note = (...all: unknown[]): void => void said.push(...all)
  try {
    const beat = make({ debug: note, info: note, warn: note, error: note })
    for (const name of ['error', 'connection:lost', 'connection:restored'] as const) beat.on(name, note)
    await beat.start().catch(note)
    await beat.schedules.list().catch(note)
    note(beat.health())
    await beat.stop({ timeoutMs: 100 })
  } catch (error) {
    note(error)
  }
  return said.map((one) => inspect(one, { depth: 20, showHidden: true })).join('\n')
}

describe('a password', () => {
  it.each([
    ['a URL', () => `redis://:${WRONG}@127.0.0.1:${redis.port}`],
    ['a URL with a user', () => `redis://somebody:${WRONG}@127.0.0.1:${redis.port}`],
    ['options', () => ({ port: redis.port, password: WRONG })],
    ['a URL to nowhere', () => `redis://:${WRONG}@127.0.0.1:1`],
    ['a URL that is none', () => `redis//:${WRONG}@127.0.0.1:1`],
  ])('given by %s is in no log, event or error', async (_how, where) => {
    const said = await everythingSaid(
      (logger) => new Everybeat({ redis: where(), prefix: uniquePrefix(), logger, connectTimeoutMs: 400 }),
    )
    expect(said).not.toBe('')
    expect(said).not.toContain(WRONG)
  })
})
