import { matchesGlob } from '../data/glob.js'
import { isInteger, parseInteger } from '../data/number-text.js'
import { dumpValue, restoreValue } from '../data/dump.js'
import type { Value } from '../data/value.js'
import { CommandError, OK, Status, syntaxError, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'

const MOST_DATE_MS = 2 ** 63

function deleteKeys({ db }: Call, keys: readonly string[]): number {
  let count = 0
  for (const key of keys) {
    if (!db.delete(key)) continue
    db.changed(key, 'g', 'del')
    count += 1
  }
  return count
}

function countKeys({ db }: Call, keys: readonly string[]): number {
  return keys.reduce((sum, key) => sum + (db.has(key) ? 1 : 0), 0)
}

/** `EXPIRE` and its relatives: sets the end of a key under the conditions `NX`, `XX`, `GT`, `LT`. */
function expire(call: Call, [key, text, ...conditions]: readonly string[], unit: { ms: number; from: number }): number {
  const { db } = call
  const name = unit.from === 0 ? (unit.ms === 1 ? 'pexpireat' : 'expireat') : unit.ms === 1 ? 'pexpire' : 'expire'
  const asked = readConditions(conditions)
  const endsAt = parseInteger(text) * unit.ms + unit.from
  if (Math.abs(endsAt) >= MOST_DATE_MS) throw new CommandError(`ERR invalid expire time in '${name}' command`)
  const former = db.expiryOf(key!)
  if (former === undefined) return 0
  if (asked.has('nx') && former !== null) return 0
  if (asked.has('xx') && former === null) return 0
  if (asked.has('gt') && (former === null || endsAt <= former)) return 0
  if (asked.has('lt') && former !== null && endsAt >= former) return 0
  if (endsAt <= call.nowMs) {
    deleteKeys(call, [key!])
    return 1
  }
  db.setExpiry(key!, endsAt)
  db.changed(key!, 'g', 'expire')
  return 1
}

function readConditions(words: readonly string[]): Set<string> {
  const asked = new Set<string>()
  for (const word of words) {
    const name = word.toLowerCase()
    if (!['nx', 'xx', 'gt', 'lt'].includes(name)) throw new CommandError(`ERR Unsupported option ${word}`)
    asked.add(name)
  }
  if (asked.has('nx') && asked.size > 1) {
    throw new CommandError('ERR NX and XX, GT or LT options at the same time are not compatible')
  }
  if (asked.has('gt') && asked.has('lt')) {
    throw new CommandError('ERR GT and LT options at the same time are not compatible')
  }
  return asked
}

function timeLeft({ db, nowMs }: Call, key: string, unit: number): number {
  const endsAt = db.expiryOf(key)
  if (endsAt === undefined) return -2
  if (endsAt === null) return -1
  const left = Math.max(0, endsAt - Math.floor(nowMs))
  return unit === 1 ? left : Math.floor((left + unit / 2) / unit)
}

function expiryTime({ db }: Call, key: string, unit: number): number {
  const endsAt = db.expiryOf(key)
  if (endsAt === undefined) return -2
  return endsAt === null ? -1 : Math.floor((endsAt + (unit === 1 ? 0 : unit / 2)) / unit)
}

function rename({ db }: Call, from: string, to: string, onlyIfFree: boolean): Reply {
  const value = db.get(from)
  if (!value) throw new CommandError('ERR no such key')
  if (onlyIfFree && db.has(to)) return 0
  const endsAt = db.expiryOf(from) ?? null
  if (from !== to) {
    db.delete(from)
    db.set(to, value, endsAt)
    db.changed(from, 'g', 'rename_from')
    db.changed(to, 'g', 'rename_to')
  }
  return onlyIfFree ? 1 : OK
}

function scan({ db }: Call, [cursor, ...options]: readonly string[]): Reply {
  const { match, count, type } = readScanOptions(options)
  if (!isInteger(cursor!) || cursor!.startsWith('-')) throw new CommandError('ERR invalid cursor')
  const keys = db.keys()
  const start = Number(cursor)
  const end = start + count
  const page = keys.slice(start, end).filter((key) => {
    return (match === null || matchesGlob(match, key)) && (type === null || db.get(key)?.kind === type)
  })
  return [end < keys.length ? String(end) : '0', page]
}

/** The options `MATCH`, `COUNT` and `TYPE` of a scan. */
export function readScanOptions(options: readonly string[]): {
  match: string | null
  count: number
  type: string | null
} {
  const found = { match: null as string | null, count: 10, type: null as string | null }
  for (let at = 0; at < options.length; at += 2) {
    const value = options[at + 1]
    const name = options[at]!.toLowerCase()
    if (value === undefined) throw syntaxError()
    if (name === 'match') found.match = value
    else if (name === 'type') found.type = value.toLowerCase()
    else if (name === 'count') {
      found.count = parseInteger(value)
      if (found.count < 1) throw syntaxError()
    } else throw syntaxError()
  }
  return found
}

function restore(call: Call, [key, ttl, text, ...options]: readonly string[]): Reply {
  const names = new Set(options.map((option) => option.toLowerCase()))
  if (call.db.has(key!) && !names.has('replace')) throw new CommandError('BUSYKEY Target key name already exists.')
  const left = parseInteger(ttl, 'ERR Invalid TTL value, must be >= 0')
  if (left < 0) throw new CommandError('ERR Invalid TTL value, must be >= 0')
  const value = restoreValue(text!)
  if (!value) throw new CommandError('ERR DUMP payload version or checksum are wrong')
  call.db.delete(key!)
  call.db.set(key!, value, left === 0 ? null : names.has('absttl') ? left : call.nowMs + left)
  call.db.changed(key!, 'g', 'restore')
  return OK
}

function copy(call: Call, [from, to, ...options]: readonly string[]): number {
  const words = options.map((option) => option.toLowerCase())
  const at = words.indexOf('db')
  const target = at < 0 ? call.db : call.host.database(parseInteger(options[at + 1]))
  if (target === call.db && from === to) {
    throw new CommandError('ERR source and destination objects are the same')
  }
  const value = call.db.get(from!)
  if (!value || (target.has(to!) && !words.includes('replace'))) return 0
  target.delete(to!)
  target.set(to!, restoreValue(dumpValue(value))!, call.db.expiryOf(from!) ?? null)
  target.changed(to!, 'g', 'copy_to')
  return 1
}

const ENCODINGS: Record<Value['kind'], string> = {
  string: 'raw',
  hash: 'hashtable',
  set: 'hashtable',
  list: 'quicklist',
  zset: 'skiplist',
  stream: 'stream',
}

function describeObject({ db }: Call, [what, key]: readonly string[]): Reply {
  const value = db.get(key ?? '')
  if (!value) return null
  switch (what?.toLowerCase()) {
    case 'encoding':
      return value.kind === 'string' && isInteger(value.text) ? 'int' : ENCODINGS[value.kind]
    case 'refcount':
      return 1
    case 'idletime':
    case 'freq':
      return 0
    default:
      throw new CommandError(`ERR unknown subcommand '${what}'. Try OBJECT HELP.`)
  }
}

/** Commands about keys of any type. */
export const KEY_COMMANDS: CommandTable = {
  del: { arity: -2, run: deleteKeys },
  unlink: { arity: -2, run: deleteKeys },
  exists: { arity: -2, run: countKeys },
  touch: { arity: -2, run: countKeys },
  type: { arity: 2, run: ({ db }, [key]) => new Status(db.get(key!)?.kind ?? 'none') },
  expire: { arity: -3, run: (call, args) => expire(call, args, { ms: 1000, from: Math.floor(call.nowMs) }) },
  pexpire: { arity: -3, run: (call, args) => expire(call, args, { ms: 1, from: Math.floor(call.nowMs) }) },
  expireat: { arity: -3, run: (call, args) => expire(call, args, { ms: 1000, from: 0 }) },
  pexpireat: { arity: -3, run: (call, args) => expire(call, args, { ms: 1, from: 0 }) },
  ttl: { arity: 2, run: (call, [key]) => timeLeft(call, key!, 1000) },
  pttl: { arity: 2, run: (call, [key]) => timeLeft(call, key!, 1) },
  expiretime: { arity: 2, run: (call, [key]) => expiryTime(call, key!, 1000) },
  pexpiretime: { arity: 2, run: (call, [key]) => expiryTime(call, key!, 1) },
  persist: {
    arity: 2,
    run({ db }, [key]) {
      if ((db.expiryOf(key!) ?? null) === null) return 0
      db.setExpiry(key!, null)
      db.changed(key!, 'g', 'persist')
      return 1
    },
  },
  rename: { arity: 3, run: (call, [from, to]) => rename(call, from!, to!, false) },
  renamenx: { arity: 3, run: (call, [from, to]) => rename(call, from!, to!, true) },
  copy: { arity: -3, run: copy },
  keys: { arity: 2, run: ({ db }, [pattern]) => db.keys().filter((key) => matchesGlob(pattern!, key)) },
  randomkey: { arity: 1, run: ({ db }) => db.keys()[0] ?? null },
  scan: { arity: -2, run: scan },
  dbsize: { arity: 1, run: ({ db }) => db.size },
  dump: {
    arity: 2,
    run({ db }, [key]) {
      const value = db.get(key!)
      return value ? dumpValue(value) : null
    },
  },
  restore: { arity: -4, run: restore },
  object: { arity: -2, run: describeObject },
}
