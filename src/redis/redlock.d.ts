// redlock 5 ships types that its `exports` do not name, so NodeNext cannot see them: the part that is used here.
declare module 'redlock' {
  import type { Cluster, Redis } from 'ioredis'

  export class Lock {
    constructor(redlock: Redlock, resources: string[], value: string, attempts: [], expiration: number)
    expiration: number
  }

  export default class Redlock {
    constructor(clients: Iterable<Redis | Cluster>, settings?: { retryCount?: number; driftFactor?: number })
    acquire(resources: string[], durationMs: number): Promise<Lock & { value: string }>
    extend(lock: Lock, durationMs: number): Promise<Lock>
    release(lock: Lock): Promise<unknown>
  }
}
