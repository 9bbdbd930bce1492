import { expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { waitFor } from '../support/wait-for.js'

const cluster = useRedisCluster(3, 'secret')

it('the connections that Everybeat opens to a Cluster know its password', async () => {
  // No node has a replica: claims are made, and no run starts.
  const durability = { replicas: 1, timeoutMs: 10 }
  await using plain = new Everybeat({ redis: cluster.connect(), prefix: 'plain', logger: false })
  await using durable = new Everybeat({ redis: cluster.connect(), prefix: 'durable', durability, logger: false })
  let runs = 0
  const errors = new Set<string>()
  durable.on('error', ({ name }) => void errors.add(name))
  await plain.task('tick', () => void (runs += 1)).schedule('tick', { every: '100ms' })
  await durable.task('tick', () => {}).schedule('tick', { every: '100ms' })
  await plain.start()
  await waitFor(() => runs > 2, { what: 'runs' })
  await durable.start()
  await waitFor(() => errors.size > 0, { what: 'claims' })
  expect([...errors]).toEqual(['DurabilityError'])
})
