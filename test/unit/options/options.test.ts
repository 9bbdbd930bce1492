import { Cluster, Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { DEFAULT_OPTIONS, POLICY_FIELDS, resolveOptions } from '../../../src/options/options.js'
import type { EverybeatOptions } from '../../../src/options/options.js'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const resolve = (options: object, env = {}) => resolveOptions(options as EverybeatOptions, env)

describe('resolveOptions', () => {
  it('resolveOptions gives the documented defaults', () => {
    expect(resolveOptions()).toEqual({
      redis: { kind: 'url', url: 'redis://127.0.0.1:6379' },
      prefix: 'everybeat',
      shards: 1,
      concurrency: 50,
      leaseMs: 30_000,
      leaseKeeper: 'loop',
      maxSleepMs: 5000,
      pool: 'default',
      lockNodes: [],
      durability: null,
      defaults: {},
      version: '',
      actor: '',
      logger: console,
      connectTimeoutMs: 10_000,
    })
  })

  it('resolveOptions gives every undefined option its default', () => {
    const nothing = Object.fromEntries(Object.keys(DEFAULT_OPTIONS).map((name) => [name, undefined]))
    expect(resolve(nothing)).toEqual(resolveOptions())
  })

  it('the result of resolveOptions is frozen', () => {
    const options = resolve({ durability: { replicas: 1, timeoutMs: 100 }, defaults: { tags: ['a'] } })
    for (const value of [options, options.redis, options.lockNodes, options.durability, options.defaults]) {
      expect(Object.isFrozen(value)).toBe(true)
    }
  })

  it('resolveOptions keeps the given values', () => {
    const given = { prefix: 'shop:eu', shards: 16, concurrency: 1, leaseMs: 500, maxSleepMs: 50, pool: 'reports', connectTimeoutMs: 1 } // prettier-ignore
    expect(resolve(given)).toMatchObject(given)
    const most = { shards: 1024, concurrency: 10_000, leaseMs: 86_400_000, maxSleepMs: 60_000, prefix: 'p'.repeat(200) }
    expect(resolve(most)).toMatchObject(most)
    expect(resolve({ durability: { replicas: 2, timeoutMs: 500 } }).durability).toEqual({ replicas: 2, timeoutMs: 500 })
    expect(resolve({ logger: quiet }).logger).toBe(quiet)
  })

  it('resolveOptions turns the logger false into a logger without output', () => {
    const { logger } = resolve({ logger: false })
    for (const level of ['debug', 'info', 'warn', 'error'] as const) expect(logger[level]('x')).toBeUndefined()
    expect(logger).not.toBe(console)
  })
})

describe('redis', () => {
  it.each([
    'redis://127.0.0.1:6379',
    'rediss://user:secret@cache.example:6380/2',
    'redis://[::1]:6379',
    '/run/redis.sock',
  ])('the option redis accepts %s', (url) => {
    expect(resolve({ redis: url }).redis).toEqual({ kind: 'url', url })
  })

  it('the option redis accepts the form of BullMQ and node-redis: options with a url', () => {
    expect(resolve({ redis: { url: 'redis://cache:6390' } }).redis).toEqual({ kind: 'url', url: 'redis://cache:6390' })
    expect(resolve({ redis: { url: 'redis://u:p%40@cache:6390/2', family: 6 } }).redis).toEqual({
      kind: 'options',
      options: { host: 'cache', port: 6390, username: 'u', password: 'p@', db: 2, family: 6 },
    })
  })

  it('the option redis accepts a URL object as its text', () => {
    expect(resolve({ redis: new URL('redis://cache:6390/2') }).redis).toEqual({
      kind: 'url',
      url: 'redis://cache:6390/2',
    })
  })

  it('the error about the option redis shows the refused number', () => {
    expect(() => resolve({ redis: 6390 })).toThrow(/^redis: 6390 cannot be used/)
  })

  it('the option redis defaults to the environment, where an empty value counts as not set', () => {
    expect(resolve({}, { REDIS_URL: 'redis://cache:1' }).redis).toEqual({ kind: 'url', url: 'redis://cache:1' })
    expect(resolve({}, { REDIS_URL: '' }).redis).toEqual({ kind: 'url', url: DEFAULT_OPTIONS.redis })
    expect(resolve({ redis: 'redis://given:1' }, { REDIS_URL: 'redis://cache:1' }).redis).toMatchObject({ url: 'redis://given:1' }) // prettier-ignore
    expect(() => resolve({}, { REDIS_URL: 'nonsense' })).toThrow(expect.objectContaining({ field: 'REDIS_URL' }))
  })

  it('the option redis copies the ioredis options', () => {
    const options = { sentinels: [{ host: 'a', port: 1 }], name: 'main' }
    const { redis } = resolve({ redis: options })
    options.name = 'other'
    expect(redis).toMatchObject({ kind: 'options', options: { name: 'main' } })
  })

  it('the option redis recognizes a live client and a live cluster by their shape', () => {
    const redis = new Redis({ lazyConnect: true })
    const cluster = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })
    for (const client of [redis, cluster]) {
      const source = resolve({ redis: client }).redis
      expect(source.kind).toBe('client')
      expect(source).toMatchObject({ client: expect.toSatisfy((value) => value === client) as unknown })
      client.disconnect()
    }
  })

  it('an error about the option redis does not repeat a password', () => {
    for (const url of ['http://user:s3cret@host', 'redis://user:s3cret@', 'redis//:s3cret@host:1', 'host:s3cret@x']) {
      let message = ''
      try {
        resolve({ redis: url })
      } catch (error) {
        message = JSON.stringify([(error as Error).message, (error as { value?: unknown }).value, String(error)])
      }
      expect(message).toContain('redis')
      expect(message).not.toContain('s3cret')
    }
  })
})

describe('defaults', () => {
  it('the option defaults accepts the policies of a definition', () => {
    const defaults = {
      misfire: 'all',
      timeout: '5m',
      tz: 'Asia/Shanghai',
      backoff: { type: 'fixed', delay: 100 },
      tags: ['a'],
    }
    expect(resolve({ defaults }).defaults).toEqual(defaults)
    expect(resolve({ defaults: { misfire: undefined } }).defaults).toEqual({})
  })

  it.each(['cron', 'every', 'at', 'payload', 'task', 'start', 'spread', 'dayMatch', 'enabled'])(
    'the option defaults refuses %s',
    (field) => {
      expect(POLICY_FIELDS).not.toContain(field)
      expect(() => resolve({ defaults: { [field]: '1h' } })).toThrow(
        expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field: `defaults.${field}` }),
      )
    },
  )
})

describe('refused options', () => {
  const node = 'redis://a:1'
  it.each<[string, unknown, string?]>([
    ['redis', null],
    ['redis', ''],
    ['redis', 'localhost:6379'],
    ['redis', 'http://localhost'],
    ['redis', 'redis://'],
    ['redis', 'redis://a:1/shop'],
    ['redis', 'redis://a:1/2/3'],
    ['redis', new URL('http://localhost')],
    ['redis', { socket: { host: 'a', port: 1 } }, 'redis.socket'],
    ['redis', { connection: { host: 'a' } }, 'redis.connection'],
    ['redis', { rootNodes: [] }, 'redis.rootNodes'],
    ['redis', { host: 'a', database: 2 }, 'redis.database'],
    ['redis', '/run/\0'],
    ['redis', 6379],
    ['redis', []],
    ['redis', new Map()],
    ['redis', () => null],
    ['redis', { url: 6379 }, 'redis.url'],
    ['redis', { url: 'localhost:6379' }, 'redis.url'],
    ['redis', { sentinels: [] }, 'redis.sentinels'],
    ['redis', { sentinels: [{ host: 'a', port: 1 }] }, 'redis.name'],
    ['prefix', ''],
    ['prefix', '{shop}'],
    ['prefix', 'a}b'],
    ['prefix', 'a\nb'],
    ['prefix', 'p'.repeat(201)],
    ['prefix', '€'.repeat(67)],
    ['prefix', null],
    ['prefix', 5],
    ['shards', 0],
    ['shards', 1025],
    ['shards', 1.5],
    ['shards', '4'],
    ['shards', null],
    ['concurrency', 0],
    ['concurrency', 10_001],
    ['concurrency', Infinity],
    ['leaseMs', 499],
    ['leaseMs', 86_400_001],
    ['leaseMs', '30s'],
    ['leaseKeeper', 'worker'],
    ['leaseKeeper', true],
    ['leaseKeeper', null],
    ['maxSleepMs', 49],
    ['maxSleepMs', 60_001],
    ['maxSleepMs', NaN],
    ['connectTimeoutMs', 0],
    ['connectTimeoutMs', 600_001],
    ['pool', ''],
    ['pool', 'a\0'],
    ['pool', ['a']],
    ['lockNodes', node],
    ['lockNodes', [node, node]],
    ['lockNodes', Array.from({ length: 16 }, (_, index) => `redis://a:${index + 1}`)],
    ['lockNodes', [node, 'nowhere'], 'lockNodes[1]'],
    ['lockNodes', [null], 'lockNodes[0]'],
    ['durability', true],
    ['durability', 1],
    ['durability', {}, 'durability.replicas'],
    ['durability', { replicas: 0, timeoutMs: 5 }, 'durability.replicas'],
    ['durability', { replicas: 1 }, 'durability.timeoutMs'],
    ['durability', { replicas: 1, timeoutMs: '5s' }, 'durability.timeoutMs'],
    ['durability', { replicas: 1, timeoutMs: 5, timeout: 5 }, 'durability.timeout'],
    ['defaults', 'all'],
    ['defaults', [], 'defaults'],
    ['defaults', { misfire: 'sometimes' }, 'defaults.misfire'],
    ['defaults', { misfireGrace: '1 minute' }, 'defaults.misfireGrace'],
    ['defaults', { tz: 'Mars/Olympus' }, 'defaults.tz'],
    ['defaults', { backoff: { type: 'linear' } }, 'defaults.backoff.type'],
    ['defaults', { pool: '' }, 'defaults.pool'],
    ['defaults', { misfires: 'all' }, 'defaults.misfires'],
    ['logger', true],
    ['logger', null],
    ['logger', () => {}],
    ['logger', { info() {}, warn() {}, error() {} }],
    ['logger', { ...quiet, debug: 'x' }],
    ['leasMs', 30_000],
    ['constructor', 1],
  ])('the options are refused because of %s: %o', (name, value, field = name) => {
    expect(() => resolve({ [name]: value })).toThrow(expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field }))
    expect(() => resolve({ [name]: value })).toThrow(field)
  })

  it.each([[null], ['redis://a'], [5], [[]], [new Map()]])('the options %o are refused as a whole', (options) => {
    expect(() => resolve(options as object)).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field: 'options' }),
    )
  })

  it('the error about an unknown option suggests the likely name', () => {
    expect(() => resolve({ leasMs: 5 })).toThrow('did you mean leaseMs?')
    expect(() => resolve({ defaults: { misfires: 'all' } })).toThrow('did you mean misfire?')
  })
})
