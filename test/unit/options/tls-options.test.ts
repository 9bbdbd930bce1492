import { describe, expect, it } from 'vitest'
import { resolveOptions, type EverybeatOptions } from '../../../src/options/options.js'

const URL_WITH_TLS = 'rediss://127.0.0.1:6380'

describe('the option tls', () => {
  it('the option tls is accepted with every rediss:// URL, and with no other source', () => {
    const tls = { servername: 'redis.example' }
    const lockNodes = ['redis://127.0.0.1:1', 'rediss://127.0.0.1:2', { host: 'node' }]
    const options = resolveOptions({ redis: URL_WITH_TLS, tls, lockNodes })
    expect(options.redis).toEqual({ kind: 'url', url: URL_WITH_TLS, tls })
    expect(options.lockNodes).toEqual([
      { kind: 'url', url: 'redis://127.0.0.1:1' },
      { kind: 'url', url: 'rediss://127.0.0.1:2', tls },
      { kind: 'options', options: { host: 'node' } },
    ])
  })

  it('the option tls is accepted with a URL of the environment', () => {
    const tls = { servername: 'redis.example' }
    expect(resolveOptions({ tls }, { REDIS_URL: URL_WITH_TLS }).redis).toMatchObject({ tls })
  })

  it.each<[string, EverybeatOptions, RegExp]>([
    ['no object', { redis: URL_WITH_TLS, tls: 'PEM' as never }, /tls: .*\{ ca, cert, key \}/],
    ['a URL without TLS', { redis: 'redis://127.0.0.1', tls: {} }, /rediss:\/\//],
    ['ioredis options', { redis: { host: 'redis' }, tls: {} }, /tls of their own/],
    ['a certificate without its key', { redis: URL_WITH_TLS, tls: { cert: 'PEM' } }, /tls\.key/],
    ['a key without its certificate', { redis: URL_WITH_TLS, tls: { key: 'hunter2' } }, /tls\.cert/],
    ['what is no PEM', { redis: URL_WITH_TLS, tls: { cert: 'hunter2', key: 'hunter2' } }, /PEM text/],
  ])('the option tls refuses %s', (_what, options, allowed) => {
    let message = ''
    try {
      resolveOptions(options)
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS', field: expect.stringMatching(/^tls/) })
      message = (error as Error).message
    }
    expect(message).toMatch(allowed)
    expect(message).not.toContain('hunter2')
  })
})
