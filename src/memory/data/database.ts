import { wrongType } from '../store/reply.js'
import { dumpValue, restoreValue } from './dump.js'
import { emptyValue, isSpent, type Kind, type Value, type ValueOf } from './value.js'

/** The class letter of a keyspace notification, as `notify-keyspace-events` names it. */
export type EventClass = 'g' | '$' | 'l' | 's' | 'h' | 'z' | 'x' | 't'

/** Hears of changes: clients that track keys, notifications, transactions that watch. */
export interface ChangeListener {
  onChanged(db: number, key: string): void
  onEvent(db: number, kind: EventClass, event: string, key: string): void
}

interface Entry {
  value: Value
  /** When the key expires, epoch ms; null when it does not. */
  expiresAt: number | null
}

/** A key with its value as `DUMP` writes it, and its end. */
export type EntryCopy = readonly [key: string, dump: string, expiresAt: number | null]

/** The keys of one numbered database. A key that has expired is not there, whether it was removed yet or not. */
export class Database {
  readonly #entries = new Map<string, Entry>()
  /** The keys that have an end, so that expiry need not look at all. */
  readonly #mortal = new Set<string>()

  /** @param now the time that keys expire by, epoch ms */
  readonly index: number
  readonly now: () => number
  readonly listener: ChangeListener

  constructor(index: number, now: () => number, listener: ChangeListener) {
    this.index = index
    this.now = now
    this.listener = listener
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key)
    if (!entry || entry.expiresAt === null || entry.expiresAt > this.now()) return entry
    this.#expire(key)
    return undefined
  }

  #expire(key: string): void {
    this.#remove(key)
    this.listener.onEvent(this.index, 'x', 'expired', key)
    this.listener.onChanged(this.index, key)
  }

  #remove(key: string): void {
    this.#entries.delete(key)
    this.#mortal.delete(key)
  }

  get(key: string): Value | undefined {
    return this.#find(key)?.value
  }

  /** The value of a key that must have this type, or nothing. */
  read<K extends Kind>(key: string, kind: K): ValueOf<K> | undefined {
    const value = this.get(key)
    if (value && value.kind !== kind) throw wrongType()
    return value as ValueOf<K> | undefined
  }

  /** The value of a key that must have this type; an empty one is put there when there is none. */
  open<K extends Kind>(key: string, kind: K): ValueOf<K> {
    const value = this.read(key, kind) ?? emptyValue(kind)
    if (!this.#entries.has(key)) this.#entries.set(key, { value, expiresAt: null })
    return value
  }

  /** Puts a value in place of what was there; it has no end unless one is given. */
  set(key: string, value: Value, expiresAt: number | null = null): void {
    this.#entries.set(key, { value, expiresAt })
    this.#noteEnd(key, expiresAt)
  }

  #noteEnd(key: string, expiresAt: number | null): void {
    if (expiresAt === null) this.#mortal.delete(key)
    else this.#mortal.add(key)
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined
  }

  /** Removes a key without a notification; says whether it existed. */
  delete(key: string): boolean {
    if (!this.has(key)) return false
    this.#remove(key)
    return true
  }

  /** When a key expires, epoch ms; null when it never does, undefined when it is not there. */
  expiryOf(key: string): number | null | undefined {
    return this.#find(key)?.expiresAt
  }

  setExpiry(key: string, expiresAt: number | null): void {
    const entry = this.#find(key)
    if (!entry) return
    entry.expiresAt = expiresAt
    this.#noteEnd(key, expiresAt)
  }

  /** Tells of a change, and removes what is spent by it. */
  changed(key: string, kind: EventClass, event: string): void {
    this.listener.onChanged(this.index, key)
    this.listener.onEvent(this.index, kind, event, key)
    const value = this.#entries.get(key)?.value
    if (!value || !isSpent(value)) return
    this.#remove(key)
    this.listener.onEvent(this.index, 'g', 'del', key)
  }

  /** Removes what has expired by now. */
  removeExpired(): void {
    const now = this.now()
    for (const key of [...this.#mortal]) if (this.#entries.get(key)!.expiresAt! <= now) this.#expire(key)
  }

  get hasMortals(): boolean {
    return this.#mortal.size > 0
  }

  /** All keys that are there, in the order of their making. */
  keys(): string[] {
    this.removeExpired()
    return [...this.#entries.keys()]
  }

  get size(): number {
    this.removeExpired()
    return this.#entries.size
  }

  get mortalCount(): number {
    return this.#mortal.size
  }

  /** A copy of all keys, in the order of their making. */
  copyEntries(): EntryCopy[] {
    return [...this.#entries].map(([key, { value, expiresAt }]) => [key, dumpValue(value), expiresAt])
  }

  putEntries(entries: readonly EntryCopy[]): void {
    for (const [key, dump, expiresAt] of entries) this.set(key, restoreValue(dump)!, expiresAt)
  }

  clear(): void {
    this.#entries.clear()
    this.#mortal.clear()
  }
}
