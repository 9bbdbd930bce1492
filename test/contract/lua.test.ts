import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SCRIPTS } from '../../src/redis/scripts/generated.js'
import { PROJECT_DIR } from '../support/build.js'
import { parseLuaHeader, readLuaFiles, readLuaNeeds, stripLua } from '../support/lua-scripts.js'
import { readLuaSyntax } from '../support/lua-syntax.js'

const files = readLuaFiles()
const scripts = files.filter(({ path }) => !path.includes('/'))
/** The shared libraries, and the chapters of one script in a folder of its own. */
const libraries = files.filter(({ path }) => path.includes('/'))

/** Most lines of a function, and most parameters: Lua passes values where a table would cost too much. */
const FUNCTION_LINES = 50
const PARAMETERS = 8
/** Functions of the hottest steps that take more, and why. */
const WIDE_FUNCTIONS = new Set([
  // The fields of a history entry, in their order.
  'entry_of',
  'record_end',
  'record_first_ok',
  // The fields of a state that a start changes.
  'store_start',
])
/** Lua knows 200 locals in one function, and the text of a script is one. */
const TOP_LEVEL_LOCALS = 150
/** `create_rare` encloses functions of its own, which are counted one by one. */
const ENCLOSING_FUNCTIONS = new Set(['create_rare'])

describe.each(scripts)('$path', ({ path, text }) => {
  it(`${path} is named verb-noun`, () => {
    expect(path).toMatch(/^[a-z]+(-[a-z]+)+\.lua$/)
  })

  it(`${path} has a header with its effect, guarantee, arguments and reply`, () => {
    const header = parseLuaHeader(text)
    expect(header.guarantee.length).toBeGreaterThan(20)
    expect(header.guarantee).toMatch(/\.$/)
    expect(header.reply).not.toEqual([])
    const names = [...header.keys, ...header.args, ...(header.rest === null ? [] : [header.rest])]
    expect(new Set(names).size).toBe(names.length)
  })

  it(`${path} unpacks KEYS and ARGV to the names of its header first, and uses only names from there on`, () => {
    const { keys, args, rest, code } = parseLuaHeader(text)
    const unpacked = rest === null ? 'unpack(ARGV)' : `unpack(ARGV, 1, ${args.length})`
    const lines = [
      ...(keys.length > 0 ? [`local ${keys.join(', ')} = unpack(KEYS)`] : []),
      ...(args.length > 0 ? [`local ${args.join(', ')} = ${unpacked}`] : []),
      ...(rest === null ? [] : ['-- @include lib/arguments.lua', `local ${rest} = rest_of(ARGV, ${args.length + 1})`]),
    ]
    const joined = code.replace(/,\n[ \t]+/g, ', ').replace(/\n[ \t]+/g, ' ')
    expect(joined.split('\n').slice(0, lines.length)).toEqual(lines)
    const after = joined.split('\n').slice(lines.length).join('\n')
    expect(stripLua(after)).not.toMatch(/\b(KEYS|ARGV)\b/)
  })

  it(`${path} uses each key and each argument`, () => {
    const { keys, args, rest, code } = parseLuaHeader(text)
    const whole = code.replace(/^-- @include (\S+)$/gm, (_, name: string) => libraryText(name))
    const uses = (name: string): number => stripLua(whole).match(new RegExp(`\\b${name}(?:_key)?\\b`, 'g'))?.length ?? 0
    expect([...keys, ...args, ...(rest === null ? [] : [rest])].filter((name) => uses(name) < 2)).toEqual([])
  })

  it(`${path} is embedded under the names of its header`, () => {
    const { keys, args, rest } = parseLuaHeader(text)
    const embedded = (SCRIPTS as Record<string, { keys: unknown; args: unknown; rest: unknown }>)[
      path.replace('.lua', '')
    ]
    expect(embedded).toMatchObject({ keys, args, rest })
  })
})

describe('the syntax of the Lua files', () => {
  it.each(libraries)('$path says in `Needs` and `Sets` which names it takes from the script around it', ({ text }) => {
    const { names, libraries: needed, sets } = readLuaNeeds(text)
    const { free, assigned } = readLuaSyntax(text)
    const provided = new Map(needed.map((path) => [path, readLuaSyntax(libraryText(`${path}.lua`)).defined]))
    const fromLibraries = new Set([...provided.values()].flatMap((defined) => [...defined]))
    expect([...free].filter((name) => !fromLibraries.has(name)).sort()).toEqual(
      [...names, ...sets.filter((name) => !names.includes(name))].sort(),
    )
    expect([...assigned].sort()).toEqual([...sets].sort())
    expect(needed.filter((path) => ![...provided.get(path)!].some((name) => free.has(name)))).toEqual([])
  })

  it.each(scripts)('$path finds every name that it uses, and has few enough locals', ({ path }) => {
    const { free, defined } = readLuaSyntax(SCRIPTS[path.replace('.lua', '') as keyof typeof SCRIPTS].text)
    expect([...free]).toEqual([])
    expect(defined.size).toBeLessThanOrEqual(TOP_LEVEL_LOCALS)
  })

  it.each(scripts)('$path names each of its functions once, those of its libraries included', ({ path }) => {
    const { text } = SCRIPTS[path.replace('.lua', '') as keyof typeof SCRIPTS]
    const names = [...text.matchAll(/^local function (\w+)/gm)].map(([, name]) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it.each(files)('$path has short functions with few parameters', ({ text }) => {
    const { functions } = readLuaSyntax(text)
    const long = functions.filter(({ name, lines }) => lines > FUNCTION_LINES && !ENCLOSING_FUNCTIONS.has(name))
    const wide = functions.filter(({ name, parameters }) => parameters > PARAMETERS && !WIDE_FUNCTIONS.has(name))
    expect([...long, ...wide]).toEqual([])
  })
})

describe('the Lua files', () => {
  it('the rules check a large number of Lua files', () => {
    expect(scripts.map(({ path }) => path)).toContain('claim-due.lua')
  })

  it.each(files)('$path reads no clock but TIME, and draws no random number', ({ text }) => {
    expect(stripLua(text)).not.toMatch(/\bos\.(time|clock|date)\b|\bmath\.random/)
  })

  it.each(libraries)('the library $path has a header, reads no KEYS or ARGV, and is included', ({ path, text }) => {
    expect(text).toMatch(/^-- [A-Z][^\n]*[.:]/)
    expect(stripLua(text)).not.toMatch(/\b(KEYS|ARGV)\b/)
    expect(files.some((file) => file.text.includes(`-- @include ${path}\n`))).toBe(true)
  })

  it.each(files)('$path sets no global', ({ text }) => {
    const names = new Set([...stripLua(text).matchAll(/^function ([a-z_]+)/gm)].map(([, name]) => name))
    expect([...names]).toEqual([])
  })

  it('the embedded texts are those of the Lua files', () => {
    const check = join(PROJECT_DIR, 'test/tools/embed-scripts.mjs')
    expect(() => execFileSync(process.execPath, [check, '--check'], { stdio: 'pipe' })).not.toThrow()
  })
})

describe('a header', () => {
  const header = (lines: string[]): string =>
    `${lines.map((line) => `-- ${line}`).join('\n')}\nlocal a = unpack(KEYS)\n`
  const good = [
    'Does it.',
    '',
    'Guarantee: it is done once.',
    '',
    'KEYS',
    '  due     zset',
    'ARGV',
    '  now_ms  ms, now',
  ]
  const whole = [...good, '           continues', '  rest    text…, names', 'REPLY', '  1']

  it('the names of a header are read', () => {
    expect(parseLuaHeader(header(whole))).toMatchObject({
      sentence: 'Does it.',
      guarantee: 'it is done once.',
      keys: ['due'],
      args: ['now_ms'],
      rest: 'rest',
      reply: ['  1'],
    })
  })

  it.each([
    ['no REPLY', good],
    ['no Guarantee', whole.filter((line) => !line.startsWith('Guarantee'))],
    ['out of its place', [...whole.slice(0, 4), 'REPLY', '  1', ...whole.slice(4, 10)]],
    ['one sentence', whole.slice(1)],
    ['not a name with its type', [...whole.slice(0, 5), '  Due', ...whole.slice(6)]],
  ])('a header is refused with %s', (why, lines) => {
    expect(() => parseLuaHeader(header(lines))).toThrow(why)
  })
})

function libraryText(path: string): string {
  return libraries.find((library) => library.path === path)?.text ?? ''
}
