import type { RedisSource } from '../../options/redis-source.js'

/** The start data of the thread. */
export interface LeaseThreadData {
  readonly redis: Exclude<RedisSource, { kind: 'client' }>
  readonly leaseMs: number
  /** The clock of the whole process minus the monotonic clock of the event loop, ms. */
  readonly clockOffsetMs: number
  /** When the event loop last reported that it is not blocked, on its monotonic clock, µs. */
  readonly life: BigInt64Array
}

/** A message from the event loop to the thread. */
export type LeaseOrder =
  | {
      readonly kind: 'keep'
      readonly id: number
      /** The index of the shard of the lease. */
      readonly shard: number
      readonly key: string
      readonly token: string
      readonly trustedUntil: number
      readonly until: number | null
      /** {@link CELLS} of this lease, which the thread writes. */
      readonly cells: BigInt64Array
    }
  | { readonly kind: 'release'; readonly id: number }
  | { readonly kind: 'stop' }

/** A message from the thread to the event loop. */
export type LeaseNews = { readonly kind: 'ready' } | { readonly kind: 'lost'; readonly id: number }

/** The cells of a lease: instants in µs, and whether Redis does not hold it any more. */
export const CELLS = { trustedUntil: 0, trustedUntilWall: 1, isLost: 2, count: 3 } as const

/** Creates shared cells that both sides see. */
export function shareCells(count: number): BigInt64Array {
  return new BigInt64Array(new SharedArrayBuffer(count * BigInt64Array.BYTES_PER_ELEMENT))
}

/** An instant as whole microseconds, the unit of a cell. */
export function toMicroseconds(ms: number): bigint {
  return BigInt(Math.round(ms * 1_000))
}
