import type { ConnectionOptions } from 'node:tls'
import type { Cluster, Redis, RedisOptions } from 'ioredis'

/**
 * Where Redis is: a URL or socket path, `memory:` for a store inside this process, ioredis options (Sentinel too), or a live
 * client that the caller owns.
 */
export type RedisInput = string | URL | RedisOptions | Redis | Cluster

/** A place to connect to, or a client that is connected already and is not ours to change or close. */
export type RedisSource =
  | { readonly kind: 'url'; readonly url: string; readonly tls?: ConnectionOptions }
  | { readonly kind: 'options'; readonly options: RedisOptions }
  | { readonly kind: 'client'; readonly client: Redis | Cluster }

/** How far a claim is replicated before its run starts. */
export interface DurabilityOptions {
  /** Replicas that must have acknowledged the claim (`WAIT`). */
  replicas: number
  /** How long to wait for them, in milliseconds. */
  timeoutMs: number
}
