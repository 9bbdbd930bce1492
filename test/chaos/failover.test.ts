import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type EverybeatOptions } from '../../src/index.js'
import { startRedisServer } from '../../src/testing/redis-server.js'
import { readHistory } from './harness/history-reader.js'
import { createRandom } from './harness/random.js'
import { startReplicatedPair } from './harness/replication.js'
import { waitFor } from '../support/wait-for.js'

/** More of them: `CHAOS_FAILOVERS=100 npx vitest run --project chaos test/chaos/failover.test.ts`. */
const FAILOVERS = Number(process.env['CHAOS_FAILOVERS'] ?? 10)
const SEED = Number(process.env['CHAOS_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const STEP_MS = 100
const NAMES = ['a', 'b', 'c']

interface Outcome {
  starts: number
  doubled: number
  lost: number
  elsewhere: number
}

/** Fails over again and again, each time to a replica that has missed the last moments. */
async function failOverUnderLoad(options: (beat: number) => EverybeatOptions): Promise<Outcome> {
  const random = createRandom(SEED)
  await using pair = await startReplicatedPair()
  const starts = new Map<string, number>()
  const beats: Everybeat[] = []
  try {
    for (let index = 0; index < 3; index += 1) {
      const beat = new Everybeat({
        redis: pair.url,
        prefix: 'failover',
        leaseMs: 2_000,
        logger: false,
        ...options(index),
      })
      beats.push(beat)
      beat.task('work', ({ id }) => void starts.set(id, (starts.get(id) ?? 0) + 1))
      await beat.start()
    }
    for (const name of NAMES) await beats[0]!.schedules.put(name, { task: 'work', every: STEP_MS, overlap: 'allow' })
    const fromMs = Date.now()
    for (let round = 0; round < FAILOVERS; round += 1) {
      await sleep(random.between(200, 500))
      pair.loseReplication()
      await sleep(random.between(50, 250))
      await pair.failOver()
    }
    const toMs = Date.now()
    const due = NAMES.flatMap((name) => {
      const ids: string[] = []
      for (let at = Math.ceil((fromMs + 500) / STEP_MS) * STEP_MS; at <= toMs; at += STEP_MS) ids.push(`${name}@${at}`)
      return ids
    })
    const recorded = async (): Promise<Map<string, string>> => {
      const entries = await readHistory(pair.primary, 'failover', 1, NAMES)
      return new Map(entries.map(({ runId, reason }) => [runId, reason]))
    }
    await waitFor(
      async () => {
        const known = await recorded()
        return due.every((id) => known.has(id) || starts.has(id))
      },
      { what: 'every occurrence to be started or recorded', intervalMs: 200 },
    ).catch(() => {})
    const known = await recorded()
    return {
      starts: starts.size,
      doubled: [...starts.values()].filter((count) => count > 1).length,
      lost: due.filter((id) => !known.has(id) && !starts.has(id)).length,
      elsewhere: [...known.values()].filter((reason) => reason === 'started-elsewhere').length,
    }
  } finally {
    await Promise.all(beats.map((beat) => beat.stop({ timeoutMs: 500 })))
  }
}

const tell = (what: string, outcome: Outcome): void => {
  process.stderr.write(`${what}: ${FAILOVERS} failovers, seed ${SEED}: ${JSON.stringify(outcome)}\n`)
}

describe('a failover to a replica that has missed the last moments', () => {
  it('a failover to a replica that has missed the last moments repeats the runs that the replica does not know, and loses no occurrence, without further measures', async () => {
    const outcome = await failOverUnderLoad(() => ({}))
    tell('asynchronous replication', outcome)
    expect(outcome.lost).toBe(0)
    // If this were 0, the other two tests would show nothing.
    expect(outcome.doubled).toBeGreaterThan(0)
  })

  it('a failover to a replica that has missed the last moments starts no run twice with durability: one replica has to hold a claim before its run starts', async () => {
    const outcome = await failOverUnderLoad(() => ({ durability: { replicas: 1, timeoutMs: 100 } }))
    tell('durability', outcome)
    expect(outcome.starts).toBeGreaterThan(FAILOVERS * NAMES.length)
    expect(outcome).toMatchObject({ doubled: 0, lost: 0 })
  })

  it('a failover to a replica that has missed the last moments starts no run twice with lockNodes: a quorum of independent nodes stores which deliveries started', async () => {
    const nodes = await Promise.all([1, 2, 3].map(() => startRedisServer()))
    onTestFinished(async () => void (await Promise.all(nodes.map((node) => node.stop()))))
    const outcome = await failOverUnderLoad(() => ({ lockNodes: nodes.map(({ url }) => url) }))
    tell('lockNodes', outcome)
    expect(outcome.elsewhere).toBeGreaterThan(0)
    expect(outcome).toMatchObject({ doubled: 0, lost: 0 })
  })
})
