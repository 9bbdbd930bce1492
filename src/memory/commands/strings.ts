import { addIntegers, formatDouble, isInteger, parseDouble, parseInteger } from '../data/number-text.js'
import { CommandError, OK, syntaxError, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'

const MOST_BYTES = 512 * 1024 * 1024

function read({ db }: Call, key: string): string | null {
  return db.read(key, 'string')?.text ?? null
}

interface SetOptions {
  condition: 'nx' | 'xx' | null
  wantsFormer: boolean
  keepsEnd: boolean
  endsAt: number | null
}

/** Reads the options after key and value in `SET`, or after the key in `GETEX`. */
function readOptions(call: Call, options: readonly string[], command: string): SetOptions {
  const found: SetOptions = { condition: null, wantsFormer: false, keepsEnd: false, endsAt: null }
  for (let at = 0; at < options.length; at += 1) {
    const name = options[at]!.toLowerCase()
    if (name === 'nx' || name === 'xx') {
      if (found.condition !== null && found.condition !== name) throw syntaxError()
      found.condition = name
    } else if (name === 'get') found.wantsFormer = true
    else if (name === 'keepttl') found.keepsEnd = true
    else if (['ex', 'px', 'exat', 'pxat'].includes(name) && found.endsAt === null && options[at + 1] !== undefined) {
      found.endsAt = readEnd(call, name, options[(at += 1)]!, command)
    } else throw syntaxError()
  }
  if (found.keepsEnd && found.endsAt !== null) throw syntaxError()
  return found
}

function readEnd({ nowMs }: Call, unit: string, text: string, command: string): number {
  const value = parseInteger(text) * (unit.startsWith('p') ? 1 : 1000)
  if (value <= 0 || value >= 2 ** 63) throw new CommandError(`ERR invalid expire time in '${command}' command`)
  return unit.endsWith('at') ? value : Math.floor(nowMs) + value
}

function put(call: Call, key: string, text: string, endsAt: number | null): void {
  call.db.set(key, { kind: 'string', text }, endsAt)
  call.db.changed(key, '$', 'set')
  if (endsAt !== null) call.db.listener.onEvent(call.db.index, 'g', 'expire', key)
}

function set(call: Call, [key, text, ...options]: readonly string[]): Reply {
  const { condition, wantsFormer, keepsEnd, endsAt } = readOptions(call, options, 'set')
  const former = wantsFormer ? read(call, key!) : null
  const isThere = call.db.has(key!)
  if ((condition === 'nx' && isThere) || (condition === 'xx' && !isThere)) return wantsFormer ? former : null
  put(call, key!, text!, keepsEnd ? (call.db.expiryOf(key!) ?? null) : endsAt)
  return wantsFormer ? former : OK
}

function getAndExpire(call: Call, [key, ...options]: readonly string[]): Reply {
  const text = read(call, key!)
  const persists = options.length === 1 && options[0]!.toLowerCase() === 'persist'
  const { endsAt } = persists ? { endsAt: null } : readOptions(call, options, 'getex')
  if (text === null) return null
  if (persists || endsAt !== null) {
    call.db.setExpiry(key!, endsAt)
    call.db.changed(key!, 'g', persists ? 'persist' : 'expire')
  }
  return text
}

/** Changes a text and keeps its expiry. */
function edit(call: Call, key: string, text: string, event: string): void {
  call.db.open(key, 'string').text = text
  call.db.changed(key, '$', event)
}

function add(call: Call, key: string, increment: string): number {
  const text = read(call, key) ?? '0'
  if (!isInteger(text)) throw new CommandError('ERR value is not an integer or out of range')
  const sum = addIntegers(text, increment)
  edit(call, key, sum, 'incrby')
  return Number(sum)
}

function addFraction(call: Call, [key, increment]: readonly string[]): Reply {
  const sum = parseDouble(read(call, key!) ?? '0') + parseDouble(increment)
  if (!Number.isFinite(sum)) throw new CommandError('ERR increment would produce NaN or Infinity')
  const text = formatDouble(Number(sum.toPrecision(15)))
  edit(call, key!, String(Number(text)), 'incrbyfloat')
  return String(Number(text))
}

function setPairs(call: Call, pairs: readonly string[], onlyIfFree: boolean): Reply {
  if (pairs.length % 2 === 1) throw new CommandError("ERR wrong number of arguments for 'mset' command")
  const keys = pairs.filter((_, index) => index % 2 === 0)
  if (onlyIfFree && keys.some((key) => call.db.has(key))) return 0
  for (const [index, key] of keys.entries()) put(call, key, pairs[2 * index + 1]!, null)
  return onlyIfFree ? 1 : OK
}

function slice(call: Call, [key, from, to]: readonly string[]): string {
  const range = [parseInteger(from), parseInteger(to)]
  const text = read(call, key!) ?? ''
  const [start, end] = range.map((at) => (at < 0 ? Math.max(0, text.length + at) : at))
  return start! > end! ? '' : text.slice(start, end! + 1)
}

function overwrite(call: Call, [key, offset, part]: readonly string[]): Reply {
  const at = parseInteger(offset)
  if (at < 0) throw new CommandError('ERR offset is out of range')
  const text = read(call, key!) ?? ''
  if (part === '') return text.length
  if (at + part!.length > MOST_BYTES) {
    throw new CommandError('ERR string exceeds maximum allowed size (proto-max-bulk-len)')
  }
  edit(call, key!, text.slice(0, at).padEnd(at, '\0') + part! + text.slice(at + part!.length), 'setrange')
  return call.db.read(key!, 'string')!.text.length
}

function setWithEnd(call: Call, [key, end, text]: readonly string[], unit: 'ex' | 'px', command: string): Reply {
  put(call, key!, text!, readEnd(call, unit, end!, command))
  return OK
}

/** Commands about texts. */
export const STRING_COMMANDS: CommandTable = {
  get: { arity: 2, run: (call, [key]) => read(call, key!) },
  set: { arity: -3, run: set },
  setnx: { arity: 3, run: (call, [key, text]) => (set(call, [key!, text!, 'nx']) === null ? 0 : 1) },
  setex: { arity: 4, run: (call, args) => setWithEnd(call, args, 'ex', 'setex') },
  psetex: { arity: 4, run: (call, args) => setWithEnd(call, args, 'px', 'psetex') },
  getset: { arity: 3, run: (call, [key, text]) => set(call, [key!, text!, 'get']) },
  getex: { arity: -2, run: getAndExpire },
  getdel: {
    arity: 2,
    run(call, [key]) {
      const text = read(call, key!)
      if (text !== null && call.db.delete(key!)) call.db.changed(key!, 'g', 'del')
      return text
    },
  },
  mget: {
    arity: -2,
    run: ({ db }, keys) =>
      keys.map((key) => {
        const value = db.get(key)
        return value?.kind === 'string' ? value.text : null
      }),
  },
  mset: { arity: -3, run: (call, pairs) => setPairs(call, pairs, false) },
  msetnx: { arity: -3, run: (call, pairs) => setPairs(call, pairs, true) },
  incr: { arity: 2, run: (call, [key]) => add(call, key!, '1') },
  decr: { arity: 2, run: (call, [key]) => add(call, key!, '-1') },
  incrby: { arity: 3, run: (call, [key, by]) => add(call, key!, String(parseInteger(by))) },
  decrby: { arity: 3, run: (call, [key, by]) => add(call, key!, String(-parseInteger(by))) },
  incrbyfloat: { arity: 3, run: addFraction },
  append: {
    arity: 3,
    run(call, [key, part]) {
      edit(call, key!, (read(call, key!) ?? '') + part!, 'append')
      return call.db.read(key!, 'string')!.text.length
    },
  },
  strlen: { arity: 2, run: (call, [key]) => (read(call, key!) ?? '').length },
  getrange: { arity: 4, run: slice },
  setrange: { arity: 4, run: overwrite },
}
