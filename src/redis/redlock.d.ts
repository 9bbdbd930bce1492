// redlock 5 ships types that its `exports` do not name, so NodeNext cannot see them: the part that is used here.
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
