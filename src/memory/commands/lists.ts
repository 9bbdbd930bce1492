import { parseInteger } from '../data/number-text.js'
import { CommandError, NULL_LIST, OK, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'

function read({ db }: Call, key: string): string[] | null {
  return db.read(key, 'list')?.items ?? null
}

function push(call: Call, [key, ...items]: readonly string[], side: 'left' | 'right', needsKey: boolean): number {
  if (needsKey && !read(call, key!)) return 0
  const list = call.db.open(key!, 'list').items
  if (side === 'right') list.push(...items)
  else list.unshift(...[...items].reverse())
  call.db.changed(key!, 'l', side === 'right' ? 'rpush' : 'lpush')
  return list.length
}

function pop(call: Call, [key, count]: readonly string[], side: 'left' | 'right'): Reply {
  const wanted = count === undefined ? 1 : parseInteger(count, 'ERR value is out of range, must be positive')
  if (wanted < 0) throw new CommandError('ERR value is out of range, must be positive')
  const list = read(call, key!)
  if (!list) return count === undefined ? null : NULL_LIST
  const taken = side === 'left' ? list.splice(0, wanted) : list.splice(Math.max(0, list.length - wanted)).reverse()
  if (taken.length > 0) call.db.changed(key!, 'l', side === 'left' ? 'lpop' : 'rpop')
  return count === undefined ? taken[0]! : taken
}

/** Reads the two ends of a range. */
export function parseRange(from: string, to: string): [number, number] {
  return [parseInteger(from), parseInteger(to)]
}

/** The indexes of a range, of which negative ones count from the end, in the form that `slice` takes. */
export function resolveRange([from, to]: readonly [number, number], length: number): [number, number] {
  const [start, end] = [from, to].map((at) => (at < 0 ? length + at : at))
  return [Math.max(0, start!), Math.max(-1, end!) + 1]
}

function remove(call: Call, [key, countText, item]: readonly string[]): number {
  const most = parseInteger(countText)
  const list = read(call, key!)
  if (!list) return 0
  const places = [...list.keys()].filter((at) => list[at] === item)
  const chosen = most === 0 ? places : most > 0 ? places.slice(0, most) : places.slice(most)
  for (const at of chosen.reverse()) list.splice(at, 1)
  if (chosen.length > 0) call.db.changed(key!, 'l', 'lrem')
  return chosen.length
}

function trim(call: Call, [key, from, to]: readonly string[]): Reply {
  const range = parseRange(from!, to!)
  const list = read(call, key!)
  const [start, end] = resolveRange(range, list?.length ?? 0)
  if (!list) return OK
  list.splice(0, list.length, ...list.slice(start, end))
  call.db.changed(key!, 'l', 'ltrim')
  return OK
}

function setItem(call: Call, [key, place, item]: readonly string[]): Reply {
  const list = read(call, key!)
  if (!list) throw new CommandError('ERR no such key')
  const at = parseInteger(place)
  const index = at < 0 ? list.length + at : at
  if (index < 0 || index >= list.length) throw new CommandError('ERR index out of range')
  list[index] = item!
  call.db.changed(key!, 'l', 'lset')
  return OK
}

/** Commands about lists. */
export const LIST_COMMANDS: CommandTable = {
  rpush: { arity: -3, run: (call, args) => push(call, args, 'right', false) },
  lpush: { arity: -3, run: (call, args) => push(call, args, 'left', false) },
  rpushx: { arity: -3, run: (call, args) => push(call, args, 'right', true) },
  lpushx: { arity: -3, run: (call, args) => push(call, args, 'left', true) },
  lpop: { arity: -2, run: (call, args) => pop(call, args, 'left') },
  rpop: { arity: -2, run: (call, args) => pop(call, args, 'right') },
  llen: { arity: 2, run: (call, [key]) => read(call, key!)?.length ?? 0 },
  lrange: {
    arity: 4,
    run(call, [key, from, to]) {
      const range = parseRange(from!, to!)
      const list = read(call, key!) ?? []
      return list.slice(...resolveRange(range, list.length))
    },
  },
  lindex: { arity: 3, run: (call, [key, at]) => read(call, key!)?.at(parseInteger(at)) ?? null },
  lset: { arity: 4, run: setItem },
  lrem: { arity: 4, run: remove },
  ltrim: { arity: 4, run: trim },
}
