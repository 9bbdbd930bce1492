import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createKeys } from '../../src/redis/keys.js'
import { PROJECT_DIR } from '../support/build.js'
import { readLuaFiles } from '../support/lua-scripts.js'
import { listStateFields } from '../support/lua-state-fields.js'
import { listFiles, parseSource } from '../support/sources.js'
import { findReplyCasts } from './reply-rules.js'

const read = (path: string): string => readFileSync(join(PROJECT_DIR, path), 'utf8')
const luaFiles = readLuaFiles()
const lua = luaFiles.map(({ text }) => text).join('\n')

/** The first cells of the rows of the table under a line of a page that begins with this text. */
function firstCells(page: string, after: string): string[] {
  const rows =
    page
      .slice(page.indexOf(after))
      .split('\n\n')
      .find((block) => block.startsWith('|')) ?? ''
  return rows
    .split('\n')
    .slice(2)
    .map((row) => row.split('|')[1]!.trim())
}

const unique = (names: Iterable<string>): string[] => [...new Set(names)].sort()

describe('the names of keys', () => {
  /** Key names without the tag and without what follows the last colon. */
  const made = Object.values(createKeys('p', 0, 1))
    .filter((value): value is string | ((name: string) => string) => value !== '{p}')
    .map((value) => (typeof value === 'string' ? value : value('')).slice('{p}:'.length).replace(/:.*/, ''))

  it('the names of keys are those of docs/reference/keys.md', () => {
    const documented = firstCells(read('docs/reference/keys.md'), '| key').map(
      (cell) => /^`\{p\}:([\w-]+)/.exec(cell)![1]!,
    )
    expect(unique(documented)).toEqual(unique(made))
  })

  it('the names of keys are made in lib/keys.lua as in keys.ts', () => {
    const library = luaFiles.find(({ path }) => path === 'lib/keys.lua')!.text
    const names = [...library.matchAll(/tag \.\. ':([\w-]+)/g)].map(([, name]) => name!)
    expect(names.filter((name) => !made.includes(name))).toEqual([])
    // The fleet's own keys are passed to the scripts, and `start` is a key of the lock nodes.
    expect(unique(made.filter((name) => !names.includes(name)))).toEqual([
      'probe',
      'start',
      'upkeep',
      'wake',
      'workers',
    ])
  })

  it('the names of keys are made nowhere else in Lua', () => {
    const others = luaFiles.filter(({ path }) => path !== 'lib/keys.lua')
    expect(others.filter(({ text }) => /\btag \.\./.test(text)).map(({ path }) => path)).toEqual([])
  })
})

describe('the fields of a state', () => {
  it('the fields of a state that Lua names are those of docs/reference/protocol.md', () => {
    const documented = firstCells(read('docs/reference/protocol.md'), '| field          | holds')
      .map((cell) => cell.replaceAll('`', ''))
      .filter((field) => field !== 'run:<run id>')
    expect(unique(luaFiles.flatMap(({ text }) => listStateFields(text)))).toEqual(unique(documented))
  })
})

describe('the replies of scripts', () => {
  it('every reply of a script has a type in script-replies.ts, and no caller gives it another type', () => {
    const named = [...read('src/redis/scripts/script-replies.ts').matchAll(/^  '([a-z-]+)':/gm)].map(
      ([, name]) => name!,
    )
    const scripts = luaFiles.filter(({ path }) => !path.includes('/')).map(({ path }) => path.replace('.lua', ''))
    expect(unique(named)).toEqual(unique(scripts))
    const callers = listFiles('src/redis').filter((path) => path.endsWith('.ts') && path !== 'scripts/run-script.ts')
    const sources = callers.map((path) => parseSource(`redis/${path}`, read(`src/redis/${path}`)))
    expect(sources.flatMap(findReplyCasts)).toEqual([])
  })

  it.each([
    'const words = (await runScript(client, "read-head", input)) as string[]',
    'const raw = await runScript(client, "read-head", input)\nconst first = raw[0] as unknown as string',
    'const answer = await runScript(client, "read-head", input)\nconst same = answer\nf(same as never)',
    'const { reply: told } = await runAcknowledged(client, to, "read-head", input)\nf(told as string[])',
    'function f(raw: readonly string[]) { return raw as [string] }',
  ])('the rule finds a reply with another type: %s', (code) => {
    expect(findReplyCasts(parseSource('a.ts', code)).length).toBeGreaterThan(0)
  })

  it.each(['const words = ["a"] as const', 'const fields = parse(raw) as Fields', 'const [first] = raw\nf(first)'])(
    'the rule accepts a value that is no reply, and an unchanged reply: %s',
    (code) => {
      expect(findReplyCasts(parseSource('a.ts', code))).toEqual([])
    },
  )
})

describe('the messages to the fleet', () => {
  const documented = firstCells(read('docs/reference/protocol.md'), '| message')
    .flatMap((cell) => [...cell.matchAll(/`(\w+)/g)])
    .map(([, verb]) => verb!)

  it('the messages to the fleet are those of docs/reference/protocol.md', () => {
    const published = [...lua.matchAll(/\bnotify\('(\w+)/g)].map(([, verb]) => verb!)
    // `plan` and `layout` are sent by workers and by programs that change the layout.
    expect(unique([...published, 'plan', 'layout'])).toEqual(unique(documented))
  })

  it('the fleet channel reads each message to the fleet', () => {
    const reader = read('src/redis/notify/fleet-channel.ts')
    const known = [...reader.matchAll(/(?:case|verb ===) '(\w+)'/g)].map(([, verb]) => verb!)
    expect(unique(known)).toEqual(unique(documented))
  })

  it('the messages to the fleet are published in lib/notify.lua alone', () => {
    // The probe publishes an empty message on a channel of its own, to find out whether the server lets scripts do so.
    const others = luaFiles.filter(({ path }) => !['lib/notify.lua', 'probe-server.lua'].includes(path))
    expect(others.filter(({ text }) => text.includes("'PUBLISH'")).map(({ path }) => path)).toEqual([])
  })
})

describe('the constants that TypeScript and Lua share', () => {
  const valueIn = (text: string, pattern: RegExp): string[] =>
    [...text.matchAll(pattern)].map(([, value]) => value!.replaceAll('_', '').replaceAll("'", '').trim())
  const sources = listFiles('src').filter((path) => path.endsWith('.ts') && !path.endsWith('generated.ts'))
  const typescript = sources.map((path) => read(`src/${path}`)).join('\n')

  // Tables are compared where they are read: the letters of a run beside `stored-run.ts`.
  /** Sizes of pages and batches, which each side chooses for itself. */
  const LOCAL = ['BATCH_COUNT', 'HISTORY_COUNT', 'PAGE_COUNT', 'SCAN_COUNT']
  const namesIn = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name!)
  const inTypescript = new Set(namesIn(typescript, /\bconst ([A-Z][A-Z_\d]*) = /g))
  const shared = unique(namesIn(lua, /^local ([A-Z][A-Z_\d]*) = (?!\{)/gm)).filter((name) => inTypescript.has(name))

  it('the constants that TypeScript and Lua share are found', () => {
    expect(shared).toEqual(
      expect.arrayContaining(['WATCHERS', 'DEFAULT_GRACE_MS', 'HISTORY_AGE_MS', 'LAYOUT', ...LOCAL]),
    )
  })

  it.each(shared.filter((name) => !LOCAL.includes(name)))(
    'the constants that TypeScript and Lua share have one value: %s',
    (name) => {
      const values = [
        ...valueIn(lua, new RegExp(`^local ${name} = ([^\\n]+)$`, 'gm')),
        ...valueIn(typescript, new RegExp(`\\bconst ${name} = ([^\\n]+)$`, 'gm')),
      ]
      expect(values.length).toBeGreaterThan(1)
      expect(unique(values)).toHaveLength(1)
    },
  )

  it('the constants that TypeScript and Lua share have one value: how long a silent worker counts as live', () => {
    const [beats] = valueIn(lua, /^local DEATH_BEATS = (\d+)$/gm)
    const [beatMs] = valueIn(typescript, /\bconst BEAT_MS = ([\d_]+)$/gm)
    const deaths = valueIn(typescript, /\bconst (?:DEAD_MS|ALIVE_MS) = ([\d_]+)$/gm)
    expect(deaths.length).toBeGreaterThan(1)
    expect(unique(deaths)).toEqual([String(Number(beats) * Number(beatMs))])
  })
})
