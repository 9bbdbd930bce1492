import { Cluster } from 'ioredis'
import type { ServerList } from './redis-url.js'

/** A client of a Redis Cluster, which the caller closes. It connects when it is used. */
export function openCluster({ nodes, options }: Extract<ServerList, { kind: 'cluster' }>): Cluster {
  const cluster = new Cluster([...nodes], {
    lazyConnect: true,
    // The check asks one node, picked at random, whether the Cluster is whole: while a node hangs it may never answer.
    enableReadyCheck: false,
    redisOptions: options,
    ...(options.tls && {
      dnsLookup: (address: string, done: (error: null, address: string) => void) => done(null, address),
    }),
  })
  // The instance that uses the client reports connection errors; without a listener ioredis prints them too.
  cluster.on('error', () => undefined)
  return cluster
}
