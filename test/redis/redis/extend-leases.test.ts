import { describe, expect, it } from 'vitest'
import { extendLeases } from '../../../src/redis/lease/extend-leases.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'

const redis = useRedis()
const LEASE_MS = 60_000

const keyOf = (prefix: string, name: string) => `{${prefix}}:lease:${name}`

describe('leases that are extended in one call', () => {
  it('each lease with its own token gets its whole TTL again, and every other lease stays unchanged', async () => {
    const prefix = uniquePrefix()
    const { client } = redis
    await client.set(keyOf(prefix, 'mine'), 'w1:5', 'PX', 5_000)
    await client.set(keyOf(prefix, 'other'), 'w2:6', 'PX', 5_000)
    await client.set(keyOf(prefix, 'newer'), 'w1:7', 'PX', 5_000)
    await client.rpush(keyOf(prefix, 'list'), 'w1:5')
    await client.set(keyOf(prefix, 'last'), 'w1:9', 'PX', 5_000)
    const leases = [
      { key: keyOf(prefix, 'mine'), token: 'w1:5' },
      { key: keyOf(prefix, 'other'), token: 'w1:6' },
      { key: keyOf(prefix, 'newer'), token: 'w1:6' },
      { key: keyOf(prefix, 'gone'), token: 'w1:1' },
      { key: keyOf(prefix, 'list'), token: 'w1:5' },
      { key: keyOf(prefix, 'last'), token: 'w1:9' },
    ]
    expect(await extendLeases(client, leases, LEASE_MS)).toEqual([
      'extended',
      'lost',
      'lost',
      'lost',
      'lost',
      'extended',
    ])
    expect(await client.pttl(keyOf(prefix, 'mine'))).toBeGreaterThan(5_000)
    expect(await client.pttl(keyOf(prefix, 'last'))).toBeGreaterThan(5_000)
    expect(await client.get(keyOf(prefix, 'mine'))).toBe('w1:5')
    for (const name of ['other', 'newer']) expect(await client.pttl(keyOf(prefix, name))).toBeLessThanOrEqual(5_000)
    expect(await client.exists(keyOf(prefix, 'gone'))).toBe(0)
    expect(await client.lrange(keyOf(prefix, 'list'), 0, -1)).toEqual(['w1:5'])
  })

  it('the answers to many leases have the order of the leases, also where several calls are needed', async () => {
    const prefix = uniquePrefix()
    const leases = Array.from({ length: 1_203 }, (_, index) => ({
      key: keyOf(prefix, `s${index}`),
      token: `w:${index}`,
    }))
    const held = leases.filter((_, index) => index % 3 === 0)
    await Promise.all(held.map(({ key, token }) => redis.client.set(key, token, 'PX', 5_000)))
    const outcomes = await extendLeases(redis.client, leases, LEASE_MS)
    expect(outcomes).toEqual(leases.map((_, index) => (index % 3 === 0 ? 'extended' : 'lost')))
  })
})
