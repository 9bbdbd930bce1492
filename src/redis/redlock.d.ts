// The types of redlock 5 that are used here. Its `exports` do not name its own types, so NodeNext cannot find them.
declare module 'redlock' {
  import type { Cluster, Redis } from 'ioredis'

  export interface Lock {
    readonly value: string
  }

  export default class Redlock {
    constructor(clients: Iterable<Redis | Cluster>, settings?: { retryCount?: number; driftFactor?: number })
    acquire(resources: string[], durationMs: number): Promise<Lock>
    release(lock: Lock): Promise<unknown>
  }
}
