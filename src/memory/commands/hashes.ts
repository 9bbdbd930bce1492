import { matchesGlob } from '../data/glob.js'
import { addIntegers, formatDouble, isInteger, parseDouble, parseInteger } from '../data/number-text.js'
import { CommandError, OK, Pairs, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'
import { readScanOptions } from './keys.js'

const NO_FIELDS: ReadonlyMap<string, string> = new Map()

function read({ db }: Call, key: string): ReadonlyMap<string, string> {
  return db.read(key, 'hash')?.fields ?? NO_FIELDS
}

function setFields({ db }: Call, [key, ...pairs]: readonly string[], command: string): number {
  if (pairs.length % 2 === 1) throw new CommandError(`ERR wrong number of arguments for '${command}' command`)
  const { fields } = db.open(key!, 'hash')
  const before = fields.size
  for (let at = 0; at < pairs.length; at += 2) fields.set(pairs[at]!, pairs[at + 1]!)
  db.changed(key!, 'h', 'hset')
  return fields.size - before
}

function deleteFields({ db }: Call, [key, ...names]: readonly string[]): number {
  const fields = db.read(key!, 'hash')?.fields
  if (!fields) return 0
  let count = 0
  for (const name of names) if (fields.delete(name)) count += 1
  if (count > 0) db.changed(key!, 'h', 'hdel')
  return count
}

function add(call: Call, [key, name, by]: readonly string[]): number {
  const increment = String(parseInteger(by))
  const former = read(call, key!).get(name!) ?? '0'
  if (!isInteger(former)) throw new CommandError('ERR hash value is not an integer')
  const sum = addIntegers(former, increment)
  call.db.open(key!, 'hash').fields.set(name!, sum)
  call.db.changed(key!, 'h', 'hincrby')
  return Number(sum)
}

function addFraction(call: Call, [key, name, by]: readonly string[]): Reply {
  const increment = parseDouble(by)
  const former = parseDouble(read(call, key!).get(name!) ?? '0', 'ERR hash value is not a float')
  const text = String(Number(formatDouble(Number((former + increment).toPrecision(15)))))
  call.db.open(key!, 'hash').fields.set(name!, text)
  call.db.changed(key!, 'h', 'hincrbyfloat')
  return text
}

function setIfFree(call: Call, [key, name, text]: readonly string[]): number {
  if (read(call, key!).has(name!)) return 0
  setFields(call, [key!, name!, text!], 'hsetnx')
  return 1
}

function scan(call: Call, [key, _cursor, ...options]: readonly string[]): Reply {
  const { match } = readScanOptions(options)
  const found = [...read(call, key!)].filter(([name]) => match === null || matchesGlob(match, name))
  return ['0', found.flat()]
}

/** Commands about hashes. */
export const HASH_COMMANDS: CommandTable = {
  hset: { arity: -4, run: (call, args) => setFields(call, args, 'hset') },
  hmset: {
    arity: -4,
    run(call, args) {
      setFields(call, args, 'hmset')
      return OK
    },
  },
  hsetnx: { arity: 4, run: setIfFree },
  hget: { arity: 3, run: (call, [key, name]) => read(call, key!).get(name!) ?? null },
  hmget: {
    arity: -3,
    run(call, [key, ...names]) {
      const fields = read(call, key!)
      return names.map((name) => fields.get(name) ?? null)
    },
  },
  hgetall: { arity: 2, run: (call, [key]) => new Pairs([...read(call, key!)].flat()) },
  hkeys: { arity: 2, run: (call, [key]) => [...read(call, key!).keys()] },
  hvals: { arity: 2, run: (call, [key]) => [...read(call, key!).values()] },
  hlen: { arity: 2, run: (call, [key]) => read(call, key!).size },
  hstrlen: { arity: 3, run: (call, [key, name]) => read(call, key!).get(name!)?.length ?? 0 },
  hexists: { arity: 3, run: (call, [key, name]) => (read(call, key!).has(name!) ? 1 : 0) },
  hdel: { arity: -3, run: deleteFields },
  hincrby: { arity: 4, run: add },
  hincrbyfloat: { arity: 4, run: addFraction },
  hscan: { arity: -3, run: scan },
}
