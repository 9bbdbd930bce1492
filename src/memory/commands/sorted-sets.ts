import { matchesGlob } from '../data/glob.js'
import { parseDouble, parseInteger, formatDouble } from '../data/number-text.js'
import { SortedSet, type Ranked } from '../data/sorted-set.js'
import { CommandError, Double, syntaxError, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'
import { readScanOptions } from './keys.js'
import {
  partByLex,
  partByRank,
  partByScore,
  rangeSelector,
  readRangeOptions,
  type Chooser,
  type RangeOptions,
} from './sorted-set-range.js'

const NO_MEMBERS = new SortedSet()

function read({ db }: Call, key: string): SortedSet {
  return db.read(key, 'zset')?.sorted ?? NO_MEMBERS
}

interface AddOptions {
  readonly flags: ReadonlySet<string>
  readonly pairs: readonly string[]
}

function readAddOptions(words: readonly string[]): AddOptions {
  const flags = new Set<string>()
  let at = 0
  for (; at < words.length && ['nx', 'xx', 'gt', 'lt', 'ch', 'incr'].includes(words[at]!.toLowerCase()); at += 1) {
    flags.add(words[at]!.toLowerCase())
  }
  const pairs = words.slice(at)
  if (pairs.length === 0 || pairs.length % 2 === 1) throw syntaxError()
  if (flags.has('nx') && flags.has('xx')) {
    throw new CommandError('ERR XX and NX options at the same time are not compatible')
  }
  if ((flags.has('gt') && flags.has('lt')) || (flags.has('nx') && (flags.has('gt') || flags.has('lt')))) {
    throw new CommandError('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
  if (flags.has('incr') && pairs.length > 2) {
    throw new CommandError('ERR INCR option supports a single increment-element pair')
  }
  return { flags, pairs }
}

/** The new score of a member; null if the conditions prevent a change. */
function decideScore(former: number | undefined, given: number, flags: ReadonlySet<string>): number | null {
  if (former === undefined ? flags.has('xx') : flags.has('nx')) return null
  const score = flags.has('incr') ? (former ?? 0) + given : given
  if (Number.isNaN(score)) throw new CommandError('ERR resulting score is not a number (NaN)')
  if (former !== undefined && ((flags.has('gt') && score <= former) || (flags.has('lt') && score >= former)))
    return null
  return score
}

function add(call: Call, [key, ...words]: readonly string[]): Reply {
  const { flags, pairs } = readAddOptions(words)
  const scores = pairs.filter((_, index) => index % 2 === 0).map((text) => parseDouble(text))
  const before = read(call, key!)
  if (before === NO_MEMBERS && flags.has('xx')) return flags.has('incr') ? null : 0
  const { sorted } = call.db.open(key!, 'zset')
  let [added, moved] = [0, 0]
  let result: Reply = null
  for (const [index, given] of scores.entries()) {
    const member = pairs[2 * index + 1]!
    const former = sorted.scoreOf(member)
    const score = decideScore(former, given, flags)
    if (score === null) continue
    result = new Double(score)
    if (former === undefined) added += 1
    else if (former !== score) moved += 1
    sorted.set(member, score)
  }
  if (added + moved > 0) call.db.changed(key!, 'z', flags.has('incr') ? 'zincr' : 'zadd')
  if (flags.has('incr')) return result
  return flags.has('ch') ? added + moved : added
}

function remove({ db }: Call, [key, ...members]: readonly string[]): number {
  const sorted = db.read(key!, 'zset')?.sorted
  if (!sorted) return 0
  let count = 0
  for (const member of members) if (sorted.delete(member)) count += 1
  if (count > 0) db.changed(key!, 'z', 'zrem')
  return count
}

function removePart(call: Call, key: string, choose: Chooser, event: string): number {
  const set = read(call, key)
  const part = choose(set)
  const members = set.order.slice(part.start, part.end)
  for (const { member } of members) set.delete(member)
  if (members.length > 0) call.db.changed(key, 'z', event)
  return members.length
}

function range(call: Call, [key, from, to, ...words]: readonly string[], known: Partial<RangeOptions> = {}): Reply {
  const options = readRangeOptions(words, known)
  const select = rangeSelector(from!, to!, options)
  return withScores(select(read(call, key!)), options.withScores, call)
}

/** Members, and their scores in turn or in RESP3 as pairs. */
function withScores(entries: readonly Ranked[], wanted: boolean, { session, isScript }: Call): Reply {
  if (!wanted) return entries.map(({ member }) => member)
  if (session.protocol === 3 && !isScript) return entries.map(({ member, score }) => [member, new Double(score)])
  return entries.flatMap(({ member, score }): Reply[] => [member, new Double(score)])
}

function pop(call: Call, [key, count]: readonly string[], isLeast: boolean): Reply {
  const wanted = count === undefined ? 1 : parseInteger(count, 'ERR value is out of range, must be positive')
  const set = read(call, key!)
  const taken = isLeast ? set.order.slice(0, wanted) : set.order.slice(Math.max(0, set.size - wanted)).reverse()
  for (const { member } of taken) set.delete(member)
  if (taken.length > 0) call.db.changed(key!, 'z', isLeast ? 'zpopmin' : 'zpopmax')
  return taken.flatMap(({ member, score }): Reply[] => [member, new Double(score)])
}

function rank(call: Call, [key, member]: readonly string[], isReversed: boolean): Reply {
  const set = read(call, key!)
  const at = set.rankOf(member!)
  return at === null || !isReversed ? at : set.size - 1 - at
}

function count(call: Call, key: string, choose: Chooser): number {
  const { start, end } = choose(read(call, key))
  return end - start
}

function score(call: Call, key: string, member: string): Reply {
  const found = read(call, key).scoreOf(member)
  return found === undefined ? null : new Double(found)
}

/** Commands about sorted sets. */
export const SORTED_SET_COMMANDS: CommandTable = {
  zadd: { arity: -4, run: add },
  zincrby: { arity: 4, run: (call, [key, by, member]) => add(call, [key!, 'incr', by!, member!]) },
  zrem: { arity: -3, run: remove },
  zcard: { arity: 2, run: (call, [key]) => read(call, key!).size },
  zscore: { arity: 3, run: (call, [key, member]) => score(call, key!, member!) },
  zmscore: { arity: -3, run: (call, [key, ...members]) => members.map((member) => score(call, key!, member)) },
  zrank: { arity: 3, run: (call, args) => rank(call, args, false) },
  zrevrank: { arity: 3, run: (call, args) => rank(call, args, true) },
  zcount: { arity: 4, run: (call, [key, from, to]) => count(call, key!, partByScore(from!, to!)) },
  zlexcount: { arity: 4, run: (call, [key, from, to]) => count(call, key!, partByLex(from!, to!)) },
  zrange: { arity: -4, run: (call, args) => range(call, args) },
  zrevrange: { arity: -4, run: (call, args) => range(call, args, { isReversed: true }) },
  zrangebyscore: { arity: -4, run: (call, args) => range(call, args, { by: 'score' }) },
  zrevrangebyscore: { arity: -4, run: (call, args) => range(call, args, { by: 'score', isReversed: true }) },
  zrangebylex: { arity: -4, run: (call, args) => range(call, args, { by: 'lex' }) },
  zrevrangebylex: { arity: -4, run: (call, args) => range(call, args, { by: 'lex', isReversed: true }) },
  zpopmin: { arity: -2, run: (call, args) => pop(call, args, true) },
  zpopmax: { arity: -2, run: (call, args) => pop(call, args, false) },
  zremrangebyscore: {
    arity: 4,
    run: (call, [key, from, to]) => removePart(call, key!, partByScore(from!, to!), 'zremrangebyscore'),
  },
  zremrangebylex: {
    arity: 4,
    run: (call, [key, from, to]) => removePart(call, key!, partByLex(from!, to!), 'zremrangebylex'),
  },
  zremrangebyrank: {
    arity: 4,
    run: (call, [key, from, to]) => removePart(call, key!, partByRank(from!, to!), 'zremrangebyrank'),
  },
  zscan: {
    arity: -3,
    run(call, [key, _cursor, ...options]) {
      const { match } = readScanOptions(options)
      const found = read(call, key!).order.filter(({ member }) => match === null || matchesGlob(match, member))
      return ['0', found.flatMap(({ member, score: value }) => [member, formatDouble(value)])]
    },
  },
}
