import { parseInteger } from '../data/number-text.js'
import { compareIds, formatId, Stream, type StreamEntry, type StreamId } from '../data/stream.js'
import { CommandError, NULL_LIST, Pairs, syntaxError, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'

const NO_ENTRIES = new Stream()
const BAD_ID = 'ERR Invalid stream ID specified as stream command argument'
const MOST_SEQ = Number.MAX_SAFE_INTEGER
/** Entries of a node of a stream: with `~` only whole nodes are removed. */
const NODE_ENTRIES = 100

function read({ db }: Call, key: string): Stream {
  return db.read(key, 'stream')?.stream ?? NO_ENTRIES
}

function parseId(text: string, seqWhenMissing: number): StreamId {
  const match = /^(\d{1,19})(?:-(\d{1,20}))?$/.exec(text)
  if (!match) throw new CommandError(BAD_ID)
  return { ms: Number(match[1]), seq: match[2] === undefined ? seqWhenMissing : Number(match[2]) }
}

interface Trim {
  readonly by: 'maxlen' | 'minid'
  readonly bound: string
  readonly isRough: boolean
  readonly most: number
}

/** Reads `MAXLEN` or `MINID` with its options, and gives the index of the word after them. */
function readTrim(words: readonly string[], start: number): { trim: Trim; end: number } {
  let at = start
  const by = words[at]!.toLowerCase() as Trim['by']
  at += 1
  const isRough = words[at] === '~'
  if (words[at] === '~' || words[at] === '=') at += 1
  const bound = words[at]
  if (bound === undefined) throw syntaxError()
  at += 1
  let most = Number.POSITIVE_INFINITY
  if (words[at]?.toLowerCase() === 'limit') {
    if (!isRough) throw new CommandError('ERR syntax error, LIMIT cannot be used without the special ~ option')
    most = parseInteger(words[at + 1])
    at += 2
  }
  if (by === 'maxlen' && parseInteger(bound) < 0) throw new CommandError('ERR The MAXLEN argument must be >= 0.')
  return { trim: { by, bound, isRough, most: most === 0 ? Number.POSITIVE_INFINITY : most }, end: at }
}

function trimStream(stream: Stream, { by, bound, isRough, most }: Trim): number {
  const surplus =
    by === 'maxlen' ? Math.max(0, stream.entries.length - parseInteger(bound)) : stream.firstFrom(parseId(bound, 0))
  const isWhole = surplus === stream.entries.length
  const count = isRough && !isWhole ? surplus - (surplus % NODE_ENTRIES) : surplus
  return stream.dropFirst(Math.min(count, most))
}

/** Reads the id of a new entry. @returns a function that gives the id for a stream */
function readNewId(call: Call, text: string): (stream: Stream) => StreamId {
  const openMs = text === '*' ? null : /^(\d+)-\*$/.exec(text)?.[1]
  if (openMs === undefined) {
    const id = parseId(text, 0)
    if (id.ms === 0 && id.seq === 0) throw new CommandError('ERR The ID specified in XADD must be greater than 0-0')
    return ({ lastId }) => {
      if (compareIds(id, lastId) <= 0) throw tooLow()
      return id
    }
  }
  return ({ lastId }) => {
    const ms = openMs === null ? Math.max(Math.floor(call.nowMs), lastId.ms) : Number(openMs)
    if (ms < lastId.ms) throw tooLow()
    return { ms, seq: ms === lastId.ms ? lastId.seq + 1 : 0 }
  }
}

function tooLow(): CommandError {
  return new CommandError('ERR The ID specified in XADD is equal or smaller than the target stream top item')
}

function add(call: Call, [key, ...words]: readonly string[]): Reply {
  let at = 0
  let needsKey = false
  let trim: Trim | null = null
  for (;;) {
    const word = words[at]?.toLowerCase()
    if (word === 'nomkstream') {
      needsKey = true
      at += 1
    } else if (word === 'maxlen' || word === 'minid') ({ trim, end: at } = readTrim(words, at))
    else break
  }
  const fields = words.slice(at + 1)
  if (fields.length === 0 || fields.length % 2 === 1) {
    throw new CommandError("ERR wrong number of arguments for 'xadd' command")
  }
  const chooseId = readNewId(call, words[at]!)
  const before = read(call, key!)
  if (needsKey && before === NO_ENTRIES) return null
  const id = chooseId(before)
  const { stream } = call.db.open(key!, 'stream')
  stream.add(id, fields)
  if (trim) trimStream(stream, trim)
  call.db.changed(key!, 't', 'xadd')
  return formatId(id)
}

function trim(call: Call, [key, ...words]: readonly string[]): number {
  if (!['maxlen', 'minid'].includes(words[0]!.toLowerCase())) throw syntaxError()
  const { trim: asked, end } = readTrim(words, 0)
  if (end < words.length) throw syntaxError()
  const stream = read(call, key!)
  if (asked.by === 'minid') parseId(asked.bound, 0)
  const count = stream === NO_ENTRIES ? 0 : trimStream(stream, asked)
  if (count > 0) call.db.changed(key!, 't', 'xtrim')
  return count
}

/** The end of a range; `(` excludes it. */
function parseBound(text: string, isStart: boolean): { id: StreamId; isOpen: boolean } {
  const isOpen = text.startsWith('(')
  const plain = isOpen ? text.slice(1) : text
  if (plain === '-') return { id: { ms: 0, seq: 0 }, isOpen }
  if (plain === '+') return { id: { ms: MOST_SEQ, seq: MOST_SEQ }, isOpen }
  return { id: parseId(plain, isStart ? 0 : MOST_SEQ), isOpen }
}

function range(call: Call, [key, first, second, ...words]: readonly string[], isReversed: boolean): Reply {
  const [from, to] = isReversed ? [second!, first!] : [first!, second!]
  const [least, most] = [parseBound(from, true), parseBound(to, false)]
  if (words.length > 0 && (words[0]!.toLowerCase() !== 'count' || words.length !== 2)) throw syntaxError()
  const count = words.length === 0 ? Number.POSITIVE_INFINITY : parseInteger(words[1])
  const { entries } = read(call, key!)
  if (count <= 0) return call.db.has(key!) ? NULL_LIST : []
  const found = entries.filter(({ id }) => {
    const [low, high] = [compareIds(id, least.id), compareIds(id, most.id)]
    return (least.isOpen ? low > 0 : low >= 0) && (most.isOpen ? high < 0 : high <= 0)
  })
  return (isReversed ? found.reverse() : found).slice(0, count).map(describeEntry)
}

function describeEntry({ id, fields }: StreamEntry): Reply {
  return [formatId(id), [...fields]]
}

function remove(call: Call, [key, ...ids]: readonly string[]): number {
  const stream = read(call, key!)
  if (stream === NO_ENTRIES) return 0
  const wanted = ids.map((id) => parseId(id, 0))
  const count = wanted.filter((id) => stream.delete(id)).length
  if (count > 0) call.db.changed(key!, 't', 'xdel')
  return count
}

/** `XREAD` without `BLOCK`. */
function readBehind(call: Call, words: readonly string[]): Reply {
  const at = words.findIndex((word) => word.toLowerCase() === 'streams')
  const options = words.slice(0, Math.max(0, at)).map((word) => word.toLowerCase())
  if (at < 0 || (words.length - at - 1) % 2 === 1) throw syntaxError()
  if (options.includes('block')) throw new CommandError('ERR XREAD BLOCK is not there in the memory store')
  const count = options[0] === 'count' ? parseInteger(options[1]) : Number.POSITIVE_INFINITY
  const half = (words.length - at - 1) / 2
  const found = words.slice(at + 1, at + 1 + half).flatMap((key, index): Reply[] => {
    const stream = read(call, key)
    const text = words[at + 1 + half + index]!
    const behind = text === '$' ? stream.lastId : parseId(text, 0)
    const entries = stream.entries.filter(({ id }) => compareIds(id, behind) > 0).slice(0, count)
    return entries.length === 0 ? [] : [[key, entries.map(describeEntry)]]
  })
  return found.length === 0 ? NULL_LIST : found
}

function describeStream(call: Call, [what, key]: readonly string[]): Reply {
  const stream = call.db.read(key ?? '', 'stream')?.stream
  if (!stream) throw new CommandError('ERR no such key')
  if (what!.toLowerCase() === 'groups') return []
  if (what!.toLowerCase() !== 'stream') throw new CommandError(`ERR unknown subcommand '${what}'. Try XINFO HELP.`)
  const [first, last] = [stream.entries[0], stream.entries.at(-1)]
  const facts: Reply[] = ['length', stream.entries.length, 'last-generated-id', formatId(stream.lastId)]
  facts.push('entries-added', stream.addedCount, 'groups', 0)
  facts.push('first-entry', first ? describeEntry(first) : null, 'last-entry', last ? describeEntry(last) : null)
  return new Pairs(facts)
}

/** Commands about streams, without groups of consumers. */
export const STREAM_COMMANDS: CommandTable = {
  xadd: { arity: -5, run: add },
  xtrim: { arity: -4, run: trim },
  xlen: { arity: 2, run: (call, [key]) => read(call, key!).entries.length },
  xrange: { arity: -4, run: (call, args) => range(call, args, false) },
  xrevrange: { arity: -4, run: (call, args) => range(call, args, true) },
  xdel: { arity: -3, run: remove },
  xread: { arity: -4, run: readBehind },
  xinfo: { arity: -2, run: describeStream },
}
