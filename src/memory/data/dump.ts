import { createHash } from 'node:crypto'
import { SortedSet } from './sorted-set.js'
import { Stream, type StreamEntry, type StreamId } from './stream.js'
import type { Value } from './value.js'

/** The mark of dumps of this store: it reads no dump of a Redis server, and no server reads its dumps. */
const MARK = 'everybeat1'
const DIGEST_LENGTH = 40

interface PackedStream {
  readonly entries: readonly StreamEntry[]
  readonly lastId: StreamId
  readonly addedCount: number
}

/** Writes a value as one text that {@link restoreValue} reads again, with a digest of it. */
export function dumpValue(value: Value): string {
  const body = Buffer.from(JSON.stringify([value.kind, pack(value)])).toString('latin1')
  return `${MARK}${digest(body)}${body}`
}

/** Reads a text of {@link dumpValue}; null for any other text. */
export function restoreValue(text: string): Value | null {
  const body = text.slice(MARK.length + DIGEST_LENGTH)
  if (!text.startsWith(MARK) || text.slice(MARK.length, MARK.length + DIGEST_LENGTH) !== digest(body)) return null
  const [kind, content] = JSON.parse(Buffer.from(body, 'latin1').toString()) as [Value['kind'], unknown]
  return unpack(kind, content)
}

function digest(body: string): string {
  return createHash('sha1').update(body, 'latin1').digest('hex')
}

function pack(value: Value): unknown {
  switch (value.kind) {
    case 'string':
      return value.text
    case 'hash':
      return [...value.fields]
    case 'set':
      return [...value.members]
    case 'list':
      return value.items
    case 'zset':
      return value.sorted.order.map(({ member, score }) => [member, String(score)])
    case 'stream': {
      const { entries, lastId, addedCount } = value.stream
      return { entries, lastId, addedCount } satisfies PackedStream
    }
  }
}

function unpack(kind: Value['kind'], content: unknown): Value {
  switch (kind) {
    case 'string':
      return { kind, text: content as string }
    case 'hash':
      return { kind, fields: new Map(content as [string, string][]) }
    case 'set':
      return { kind, members: new Set(content as string[]) }
    case 'list':
      return { kind, items: content as string[] }
    case 'zset': {
      const sorted = new SortedSet()
      for (const [member, score] of content as [string, string][]) sorted.set(member, Number(score))
      return { kind, sorted }
    }
    case 'stream': {
      const stream = new Stream()
      const { entries, lastId, addedCount } = content as PackedStream
      stream.entries = [...entries]
      stream.lastId = lastId
      stream.addedCount = addedCount
      return { kind, stream }
    }
  }
}
