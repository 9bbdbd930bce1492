import type { ConnectionOptions } from 'node:tls'
import type { Cluster, Redis, RedisOptions } from 'ioredis'

/**
 * The address of Redis: a URL or socket path, `memory:` for a store inside this process, ioredis options (Sentinel
 * too), or a live client that the caller owns.
 */
export type RedisInput = string | URL | RedisOptions | Redis | Cluster

/** An address to connect to, or a client of the user, which is neither changed nor closed. */
export type RedisSource =
  | { readonly kind: 'url'; readonly url: string; readonly tls?: ConnectionOptions }
  | { readonly kind: 'options'; readonly options: RedisOptions }
  | { readonly kind: 'client'; readonly client: Redis | Cluster }

/** The replication of a claim that is awaited before its run starts. */
export interface DurabilityOptions {
  /** Replicas that must have acknowledged the claim (`WAIT`). */
  replicas: number
  /** Longest wait for these replicas, ms. */
  timeoutMs: number
}
