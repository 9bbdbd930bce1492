import { matchesGlob } from '../data/glob.js'
import { parseInteger } from '../data/number-text.js'
import type { Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'
import { readScanOptions } from './keys.js'

const NO_MEMBERS: ReadonlySet<string> = new Set()

function read({ db }: Call, key: string): ReadonlySet<string> {
  return db.read(key, 'set')?.members ?? NO_MEMBERS
}

function add({ db }: Call, [key, ...members]: readonly string[]): number {
  const set = db.open(key!, 'set').members
  const before = set.size
  for (const member of members) set.add(member)
  if (set.size > before) db.changed(key!, 's', 'sadd')
  return set.size - before
}

function remove({ db }: Call, [key, ...members]: readonly string[]): number {
  const set = db.read(key!, 'set')?.members
  if (!set) return 0
  let count = 0
  for (const member of members) if (set.delete(member)) count += 1
  if (count > 0) db.changed(key!, 's', 'srem')
  return count
}

/** Removes members: the oldest ones, although Redis removes any. */
function pop(call: Call, [key, count]: readonly string[]): Reply {
  const wanted = count === undefined ? 1 : parseInteger(count, 'ERR value is out of range, must be positive')
  const taken = [...read(call, key!)].slice(0, wanted)
  for (const member of taken) call.db.read(key!, 'set')!.members.delete(member)
  if (taken.length > 0) call.db.changed(key!, 's', 'spop')
  return count === undefined ? (taken[0] ?? null) : taken
}

function move(call: Call, [from, to, member]: readonly string[]): number {
  const source = read(call, from!)
  if (!call.db.has(from!)) return 0
  read(call, to!)
  if (!source.has(member!)) return 0
  if (from === to) return 1
  remove(call, [from!, member!])
  add(call, [to!, member!])
  return 1
}

function combine(
  call: Call,
  keys: readonly string[],
  keeps: (member: string, others: ReadonlySet<string>[]) => boolean,
) {
  const [first, ...others] = keys.map((key) => read(call, key))
  return [...first!].filter((member) => keeps(member, others))
}

function unite(call: Call, keys: readonly string[]): string[] {
  return [...new Set(keys.flatMap((key) => [...read(call, key)]))]
}

/** Commands about sets. */
export const SET_COMMANDS: CommandTable = {
  sadd: { arity: -3, run: add },
  srem: { arity: -3, run: remove },
  smembers: { arity: 2, run: (call, [key]) => [...read(call, key!)] },
  scard: { arity: 2, run: (call, [key]) => read(call, key!).size },
  sismember: { arity: 3, run: (call, [key, member]) => (read(call, key!).has(member!) ? 1 : 0) },
  smismember: {
    arity: -3,
    run(call, [key, ...members]) {
      const set = read(call, key!)
      return members.map((member) => (set.has(member) ? 1 : 0))
    },
  },
  spop: { arity: -2, run: pop },
  srandmember: { arity: 2, run: (call, [key]) => [...read(call, key!)][0] ?? null },
  smove: { arity: 4, run: move },
  sunion: { arity: -2, run: unite },
  sinter: {
    arity: -2,
    run: (call, keys) => combine(call, keys, (member, others) => others.every((set) => set.has(member))),
  },
  sdiff: {
    arity: -2,
    run: (call, keys) => combine(call, keys, (member, others) => !others.some((set) => set.has(member))),
  },
  sscan: {
    arity: -3,
    run(call, [key, _cursor, ...options]) {
      const { match } = readScanOptions(options)
      return ['0', [...read(call, key!)].filter((member) => match === null || matchesGlob(match, member))]
    },
  },
}
