import { SortedSet } from './sorted-set.js'
import { Stream } from './stream.js'

/** The value of a key. Text holds one byte per unit. */
export type Value =
  | { readonly kind: 'string'; text: string }
  | { readonly kind: 'hash'; readonly fields: Map<string, string> }
  | { readonly kind: 'set'; readonly members: Set<string> }
  | { readonly kind: 'list'; readonly items: string[] }
  | { readonly kind: 'zset'; readonly sorted: SortedSet }
  | { readonly kind: 'stream'; readonly stream: Stream }

/** The types of values, as `TYPE` names them. */
export type Kind = Value['kind']

/** The value of one type. */
export type ValueOf<K extends Kind> = Extract<Value, { kind: K }>

const EMPTY: { [K in Kind]: () => ValueOf<K> } = {
  string: () => ({ kind: 'string', text: '' }),
  hash: () => ({ kind: 'hash', fields: new Map() }),
  set: () => ({ kind: 'set', members: new Set() }),
  list: () => ({ kind: 'list', items: [] }),
  zset: () => ({ kind: 'zset', sorted: new SortedSet() }),
  stream: () => ({ kind: 'stream', stream: new Stream() }),
}

/** A value of this type without content. */
export function emptyValue<K extends Kind>(kind: K): ValueOf<K> {
  return EMPTY[kind]()
}

/** Whether the value is empty, so that its key is removed; an empty stream or text is kept. */
export function isSpent(value: Value): boolean {
  switch (value.kind) {
    case 'hash':
      return value.fields.size === 0
    case 'set':
      return value.members.size === 0
    case 'list':
      return value.items.length === 0
    case 'zset':
      return value.sorted.size === 0
    default:
      return false
  }
}
