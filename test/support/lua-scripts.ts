import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT_DIR } from './build.js'
import { listFiles } from './sources.js'

const FOLDER = 'src/redis/scripts'

/** A Lua file of `src/redis/scripts`. */
export interface LuaFile {
  /** Relative to the folder: `claim-due.lua`, `lib/clock.lua`. */
  path: string
  text: string
}

/** The header of a script, read in its fixed order. */
export interface LuaHeader {
  /** The first sentence, and the guarantee without its label. */
  sentence: string
  guarantee: string
  /** Names in the order in which they are passed. */
  keys: string[]
  args: string[]
  /** The last argument if it represents any number of values (`…` in its type). */
  rest: string | null
  reply: string[]
  /** Everything after the header. */
  code: string
}

/** Reads every Lua file: the scripts themselves, and what they include from `lib/`. */
export function readLuaFiles(): LuaFile[] {
  return listFiles(FOLDER)
    .filter((path) => path.endsWith('.lua'))
    .map((path) => ({ path, text: readFileSync(join(PROJECT_DIR, FOLDER, path), 'utf8') }))
}

/** Reads a header, and throws an error that says what is missing or out of its place. */
export function parseLuaHeader(text: string): LuaHeader {
  const lines = text.split('\n')
  const end = lines.findIndex((line) => !line.startsWith('--'))
  const header = lines.slice(0, end).map((line) => line.slice(2).replace(/^ /, ''))
  const code = lines.slice(end).join('\n')
  const marks = ['Guarantee:', 'KEYS', 'ARGV', 'REPLY'].map((mark) => ({
    mark,
    at: header.findIndex((line) => (mark.endsWith(':') ? line.startsWith(mark) : line.trim() === mark)),
  }))
  for (const [index, { mark, at }] of marks.entries()) {
    if (at < 0) throw new Error(`the header has no ${mark}`)
    if (index > 0 && at < (marks[index - 1]?.at ?? 0)) throw new Error(`${mark} is out of its place`)
  }
  const [guaranteeAt = 0, keysAt = 0, argsAt = 0, replyAt = 0] = marks.map(({ at }) => at)
  const sentence = header.slice(0, guaranteeAt).join(' ').trim()
  if (!/^[A-Z].*[.:]$/.test(sentence)) throw new Error('the header begins with one sentence')
  const args = readEntries(header.slice(argsAt + 1, replyAt))
  const last = args.at(-1)
  const hasRest = last !== undefined && /^\S*(?: \S+)?…/.test(last.about)
  return {
    sentence,
    guarantee: header.slice(guaranteeAt, keysAt).join(' ').replace('Guarantee:', '').trim(),
    keys: readEntries(header.slice(keysAt + 1, argsAt)).map(({ name }) => name),
    args: (hasRest ? args.slice(0, -1) : args).map(({ name }) => name),
    rest: hasRest ? last.name : null,
    reply: header.slice(replyAt + 1).filter((line) => line.trim() !== ''),
    code,
  }
}

/** What a library takes from the script that includes it. */
export interface LuaNeeds {
  /** Names of the script. */
  names: string[]
  /** Other libraries, as `lib/keys`. */
  libraries: string[]
  /** Names of the script that the library assigns. */
  sets: string[]
}

/** Reads `Needs:` and `Sets:` of a library's header; a list continues in lines that are indented by three. */
export function readLuaNeeds(text: string): LuaNeeds {
  const list = (mark: string): string[] => {
    const found = new RegExp(`^-- ${mark}: (.*(?:\\n--   \\S.*)*)`, 'm').exec(text)?.[1] ?? ''
    return found
      .replace(/\n--/g, ' ')
      .split(/[,;\s]+/)
      .filter((name) => name !== '')
  }
  const needs = list('Needs')
  return {
    names: needs.filter((name) => !name.includes('/')),
    libraries: needs.filter((name) => name.includes('/')),
    sets: list('Sets'),
  }
}

/** Entries are indented by two, their further lines by more. */
function readEntries(lines: readonly string[]): { name: string; about: string }[] {
  return lines
    .filter((line) => line.trim() !== '' && !line.startsWith('   '))
    .map((line) => {
      const match = /^ {2}([a-z_]+)\s+(\S.*)$/.exec(line)
      if (!match?.[1] || !match[2]) throw new Error(`"${line.trim()}" is not a name with its type or unit`)
      return { name: match[1], about: match[2] }
    })
}

/** Lua code without comments and without the content of texts, so that a search finds code only. */
export function stripLua(text: string): string {
  return text.replace(/--\[\[[\s\S]*?\]\]|--[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, (token) =>
    token.startsWith('--') ? '' : "''",
  )
}
