import { describe, expect, it } from 'vitest'
import { aclRules, COMMANDS } from '../../src/redis/access.js'
import { readLuaFiles, stripLua } from '../support/lua-scripts.js'
import { readPages } from '../support/markdown.js'
import { readSources } from '../support/sources.js'

/** Commands that ioredis or redlock send by themselves, or that carry the scripts. */
const CONNECTION = ['eval', 'evalsha', 'ping', 'info', 'quit', 'select', 'unsubscribe', 'client|setname']

describe('the rights of a user', () => {
  const called = new Set(
    readLuaFiles().flatMap(({ text }) =>
      // Names of commands are strings, which stripping takes out: comments alone are cut here.
      [...text.replace(/^\s*--.*$/gm, '').matchAll(/redis\.p?call\('([A-Z]+)'(?:, '(NUMSUB)')?/g)].map(
        ([, name, sub]) => `${name}${sub === undefined ? '' : `|${sub}`}`.toLowerCase(),
      ),
    ),
  )

  it('cover every command that a script calls', () => {
    expect(called.size).toBeGreaterThan(30)
    expect([...called].filter((name) => !COMMANDS.includes(name))).toEqual([])
  })

  it('cover nothing that is used nowhere', () => {
    const sent = readSources()
      .filter(({ path }) => path.startsWith('redis/') && !path.endsWith('generated.ts') && path !== 'redis/access.ts')
      .map(({ syntax }) => syntax.text.toLowerCase())
      .join('\n')
    const isSent = (command: string) => {
      const [name, sub] = command.split('|')
      return sent.includes(`.${name}(`) || (sub !== undefined && sent.includes(`'${sub}'`))
    }
    expect(COMMANDS.filter((name) => !called.has(name) && !CONNECTION.includes(name) && !isSent(name))).toEqual([])
  })

  it('are written down in docs/reference/keys.md as they are', () => {
    const page = readPages().find(({ path }) => path === 'docs/reference/keys.md')
    const blocks = page?.sections.flatMap(({ codeBlocks }) => codeBlocks.map(({ code }) => code.trim()))
    expect(blocks).toContain(`ACL SETUSER ${aclRules({ user: 'shop', prefix: 'shop' }).join(' ')}`)
  })

  it('are to the keys and channels of the prefix, with every shard, and to a prefix as it is written', () => {
    expect(aclRules({ user: 'shop', prefix: 'shop' }).slice(0, 6)).toEqual([
      ...['shop', 'on', 'resetkeys', '~{shop}:*', 'resetchannels', '&{shop}:*'],
    ])
    expect(aclRules({ prefix: 'shop', shards: 4 })).toContain('~{shop:*}:*')
    expect(aclRules({ prefix: 'a*b' })).toContain('~{a\\*b}:*')
    expect(stripLua("redis.call('GET')")).not.toContain('GET')
  })
})
