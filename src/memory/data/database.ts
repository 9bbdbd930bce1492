import { wrongType } from '../store/reply.js'
import { dumpValue, restoreValue } from './dump.js'
import { emptyValue, isSpent, type Kind, type Value, type ValueOf } from './value.js'

/** The class letter of a keyspace notification, as `notify-keyspace-events` names it. */
export type EventClass = 'g' | '$' | 'l' | 's' | 'h' | 'z' | 'x' | 't'

/** Receives changes, for clients that track keys, notifications and watching transactions. */
export interface ChangeListener {
  onChanged(db: number, key: string): void
  onEvent(db: number, kind: EventClass, event: string, key: string): void
}

interface Entry {
  value: Value
  /** When the key expires, epoch ms; null for never. */
  expiresAt: number | null
}

/** A key with its value in the form of `DUMP`, and its expiry. */
export type EntryCopy = readonly [key: string, dump: string, expiresAt: number | null]

/** The keys of one numbered database. An expired key does not exist, also before it is removed. */
export class Database {
  readonly #entries = new Map<string, Entry>()
  /** The keys with an expiry, so that the removal of expired keys need not read all keys. */
  readonly #mortal = new Set<string>()

  /** @param now the clock of expiry, epoch ms */
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

  /** The value of a key that must have this type; undefined for a missing key. */
  read<K extends Kind>(key: string, kind: K): ValueOf<K> | undefined {
    const value = this.get(key)
    if (value && value.kind !== kind) throw wrongType()
    return value as ValueOf<K> | undefined
  }

  /** The value of a key that must have this type; a missing key gets an empty value. */
  open<K extends Kind>(key: string, kind: K): ValueOf<K> {
    const value = this.read(key, kind) ?? emptyValue(kind)
    if (!this.#entries.has(key)) this.#entries.set(key, { value, expiresAt: null })
    return value
  }

  /** Replaces the value of a key; without `expiresAt` it never expires. */
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

  /** Removes a key without a notification. @returns whether it existed */
  delete(key: string): boolean {
    if (!this.has(key)) return false
    this.#remove(key)
    return true
  }

  /** When a key expires, epoch ms; null for never, undefined for a missing key. */
  expiryOf(key: string): number | null | undefined {
    return this.#find(key)?.expiresAt
  }

  setExpiry(key: string, expiresAt: number | null): void {
    const entry = this.#find(key)
    if (!entry) return
    entry.expiresAt = expiresAt
    this.#noteEnd(key, expiresAt)
  }

  /** Reports a change, and removes a key whose value is empty then. */
  changed(key: string, kind: EventClass, event: string): void {
    this.listener.onChanged(this.index, key)
    this.listener.onEvent(this.index, kind, event, key)
    const value = this.#entries.get(key)?.value
    if (!value || !isSpent(value)) return
    this.#remove(key)
    this.listener.onEvent(this.index, 'g', 'del', key)
  }

  /** Removes expired keys. */
  removeExpired(): void {
    const now = this.now()
    for (const key of [...this.#mortal]) if (this.#entries.get(key)!.expiresAt! <= now) this.#expire(key)
  }

  get hasMortals(): boolean {
    return this.#mortal.size > 0
  }

  /** All keys in the order of their creation. */
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

  /** A copy of all keys in the order of their creation. */
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
