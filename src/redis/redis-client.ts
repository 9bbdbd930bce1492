import type { Cluster, Redis } from 'ioredis'

/** A live client of ioredis: one server, Sentinel, or a Cluster. */
export type RedisClient = Redis | Cluster
