import { it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { holdMaintenance } from '../support/hold-maintenance.js'
import { waitFor } from '../support/wait-for.js'
import { startClusterGroup } from './harness/cluster.js'
import { createRandom } from './harness/random.js'

const SHARDS = 6

it('plain edits are noticed as they happen, also on the primaries of failovers', async () => {
  await using group = await startClusterGroup()
  const [client, other] = [await group.connect(), await group.connect()]
  onTestFinished(() => void [client, other].map((each) => each.disconnect()))
  await using beat = new Everybeat({ redis: client, prefix: 'edits', shards: SHARDS, logger: false })
  const shards = Array.from({ length: SHARDS }, (_, shard) => createKeys('edits', shard, SHARDS))
  await holdMaintenance(other, shards)
  const ran = new Set<string>()
  beat.task('job', (run) => void ran.add(run.schedule))
  const names: string[] = []
  for (let number = 0; names.filter(Boolean).length < SHARDS; number += 1) {
    names[shardOf(`s${number}`, SHARDS)] ??= `s${number}`
  }
  await beat.start()
  // Calls to every primary, so that the client learns of each failover.
  for (const name of names) await beat.schedules.put(name, { task: 'job', every: '100ms' })
  const random = createRandom(1)
  for (const kind of ['planned', 'killed', 'planned', 'planned'] as const) await group.failOver(kind, random)
  ran.clear()
  await waitFor(() => ran.size === SHARDS, { what: 'runs on every shard' })
  const written = Array.from({ length: 3 * SHARDS }, (_, number) => `by-hand-${number}`)
  for (const name of written) {
    await other.hset(shards[shardOf(name, SHARDS)]!.schedule(name), { task: 'job', every: '100ms' })
  }
  await waitFor(() => written.every((name) => ran.has(name)), {
    what: 'runs of the plainly written schedules',
  })
})
