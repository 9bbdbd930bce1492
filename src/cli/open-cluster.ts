import { Cluster } from 'ioredis'
import type { ServerList } from './redis-url.js'

/** Creates a client of a Redis Cluster, which the caller closes. It connects on first use. */
export function openCluster({ nodes, options }: Extract<ServerList, { kind: 'cluster' }>): Cluster {
  const cluster = new Cluster([...nodes], {
    lazyConnect: true,
    // The check asks a random node for the state of the Cluster; a node that hangs would never answer.
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
