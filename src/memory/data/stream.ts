/** The id of an entry: milliseconds, and a number within them. */
export interface StreamId {
  readonly ms: number
  readonly seq: number
}

/** One entry of a stream: its id, and its fields and values in turn. */
export interface StreamEntry {
  readonly id: StreamId
  readonly fields: readonly string[]
}

/** Entries in the order of their ids. */
export class Stream {
  /** The entries. */
  entries: StreamEntry[] = []
  /** The newest id that was ever added. */
  lastId: StreamId = { ms: 0, seq: 0 }
  /** Number of entries that were ever added. */
  addedCount = 0
  /** The newest id that was deleted. */
  maxDeletedId: StreamId = { ms: 0, seq: 0 }

  add(id: StreamId, fields: readonly string[]): void {
    this.entries.push({ id, fields })
    this.lastId = id
    this.addedCount += 1
  }

  /** The index of the first entry whose id is not below this one. */
  firstFrom(id: StreamId): number {
    let low = 0
    let high = this.entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareIds(this.entries[middle]!.id, id) >= 0) high = middle
      else low = middle + 1
    }
    return low
  }

  /** Removes the oldest entries. */
  dropFirst(count: number): number {
    return this.entries.splice(0, count).length
  }

  delete(id: StreamId): boolean {
    const at = this.firstFrom(id)
    const entry = this.entries[at]
    if (!entry || compareIds(entry.id, id) !== 0) return false
    this.entries.splice(at, 1)
    if (compareIds(id, this.maxDeletedId) > 0) this.maxDeletedId = id
    return true
  }
}

/** Negative, zero or positive, as the first id is below, at or above the second. */
export function compareIds(left: StreamId, right: StreamId): number {
  return left.ms - right.ms || left.seq - right.seq
}

/** The id as text. */
export function formatId({ ms, seq }: StreamId): string {
  return `${ms}-${seq}`
}
