import { formatDouble } from '../data/number-text.js'
import { Double, Failure, NullList, Pairs, Several, Status, Waiting, type Reply } from '../store/reply.js'

/** Writes a reply in a version of the protocol, one byte per unit. */
export function writeReply(reply: Reply, protocol: 2 | 3): string {
  if (typeof reply === 'string') return `$${reply.length}\r\n${reply}\r\n`
  if (typeof reply === 'number') return `:${reply}\r\n`
  if (reply === null) return protocol === 3 ? '_\r\n' : '$-1\r\n'
  if (typeof reply === 'boolean') return protocol === 3 ? `#${reply ? 't' : 'f'}\r\n` : `:${reply ? 1 : 0}\r\n`
  if (Array.isArray(reply)) return `*${reply.length}\r\n${reply.map((item) => writeReply(item, protocol)).join('')}`
  if (reply instanceof Status) return `+${reply.text}\r\n`
  if (reply instanceof Failure) return `-${reply.message.replace(/[\r\n]+/g, ' ')}\r\n`
  if (reply instanceof Pairs) return writePairs(reply.items, protocol)
  if (reply instanceof NullList) return protocol === 3 ? '_\r\n' : '*-1\r\n'
  if (reply instanceof Double) return writeDouble(reply.value, protocol)
  if (reply instanceof Several) return reply.replies.map((each) => writePush(each, protocol)).join('')
  if (reply instanceof Waiting) return writeReply(reply.reply, protocol)
  throw new TypeError('a reply of no known kind')
}

function writePairs(items: readonly Reply[], protocol: 2 | 3): string {
  const head = protocol === 3 ? `%${items.length / 2}` : `*${items.length}`
  return `${head}\r\n${items.map((item) => writeReply(item, protocol)).join('')}`
}

function writeDouble(value: number, protocol: 2 | 3): string {
  const text = formatDouble(value)
  return protocol === 3 ? `,${text}\r\n` : `$${text.length}\r\n${text}\r\n`
}

/** Writes a message that answers no command. */
export function writePush(message: readonly Reply[], protocol: 2 | 3): string {
  // A monitor gets bare lines.
  if (message.length === 1 && message[0] instanceof Status) return writeReply(message[0], protocol)
  const items = message.map((item) => (item === null ? writeNullOf(message, protocol) : writeReply(item, protocol)))
  return `${protocol === 3 ? '>' : '*'}${message.length}\r\n${items.join('')}`
}

/** An invalidation of everything has a list that is not there; the end of no subscription a text. */
function writeNullOf([verb]: readonly Reply[], protocol: 2 | 3): string {
  const isList = verb === 'message' || verb === 'invalidate'
  return isList && protocol === 2 ? '*-1\r\n' : writeReply(null, protocol)
}
