import { expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { createKeys, shardOf } from '../../src/redis/keys.js'
import { waitFor } from '../support/wait-for.js'
import { startClusterGroup } from './harness/cluster.js'
import { createRandom } from './harness/random.js'

const SHARDS = 6

it('edits by hand are seen as they happen on the primaries that failovers made, too', async () => {
  await using group = await startClusterGroup()
  const [client, other] = [await group.connect(), await group.connect()]
  onTestFinished(() => void [client, other].map((each) => each.disconnect()))
  await using beat = new Everybeat({ redis: client, prefix: 'edits', shards: SHARDS, logger: false })
  const startedAt = new Map<string, number>()
  beat.task('job', (run) => void startedAt.set(run.schedule, startedAt.get(run.schedule) ?? performance.now()))
  const names: string[] = []
  for (let number = 0; names.filter(Boolean).length < SHARDS; number += 1) {
    names[shardOf(`s${number}`, SHARDS)] ??= `s${number}`
  }
  await beat.start()
  // Calls to every primary, so that the client learns of each failover.
  for (const name of names) await beat.schedules.put(name, { task: 'job', every: '100ms' })
  const random = createRandom(1)
  for (const kind of ['planned', 'killed', 'planned', 'planned'] as const) await group.failOver(kind, random)
  startedAt.clear()
  await waitFor(() => startedAt.size === SHARDS, { what: 'runs on every shard', timeoutMs: 20_000 })
  const writtenAt = new Map<string, number>()
  for (let number = 0; writtenAt.size < 3 * SHARDS; number += 1) {
    const name = `by-hand-${number}`
    writtenAt.set(name, performance.now())
    await other.hset(createKeys('edits', shardOf(name, SHARDS), SHARDS).schedule(name), { task: 'job', every: '100ms' })
  }
  await waitFor(() => [...writtenAt.keys()].every((name) => startedAt.has(name)), {
    what: 'runs of what was written by hand',
    timeoutMs: 20_000,
  })
  for (const [name, at] of writtenAt) expect(startedAt.get(name)! - at).toBeLessThan(1_500)
})
