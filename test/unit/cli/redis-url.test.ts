import { describe, expect, it } from 'vitest'
import { parseServerList } from '../../../src/cli/redis-url.js'

describe('a list of servers in --redis', () => {
  it('a list of servers in --redis gives the options of a Sentinel', () => {
    expect(parseServerList('redis+sentinel://ada:pa%3Ass@a,b:1/mymaster/2')).toEqual({
      kind: 'sentinel',
      options: {
        username: 'ada',
        password: 'pa:ss',
        sentinels: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 1 },
        ],
        name: 'mymaster',
        db: 2,
      },
    })
  })

  it('a list of servers in --redis gives the nodes of a Cluster, with TLS where the URL says so', () => {
    expect(parseServerList('rediss+cluster://:secret@[::1]:7000,b')).toEqual({
      kind: 'cluster',
      nodes: [
        { host: '::1', port: 7000 },
        { host: 'b', port: 6379 },
      ],
      options: { password: 'secret', tls: {} },
    })
  })

  it.each(['redis://a:1', 'a:1', '/tmp/redis.sock', 'memory:'])(
    'the value %s of --redis is no list of servers, and is passed to the library',
    (url) => {
      expect(parseServerList(url)).toBeNull()
    },
  )

  it.each([
    ['redis+sentinel://a', /names no master/],
    ['redis+cluster://', /names no server/],
    ['redis+cluster://a:b', /no host:port/],
  ])('a list of servers in --redis refuses %s', (url, message) => {
    expect(() => parseServerList(url)).toThrow(message)
  })
})
