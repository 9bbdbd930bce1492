import type { DefinitionInput } from '../../../src/index.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Everybeat } from '../../../src/index.js'
import { startRedisServer } from '../../../src/testing/redis-server.js'
import { waitFor } from '../../support/wait-for.js'
import { createRandom } from '../harness/random.js'
import { createChurn, steadySchedules } from './churn.js'
import { judge, type Judgement } from './judge.js'
import { findLitter, type LeftKey, listKeys, readSize, type RedisSize } from './redis-size.js'
import { type SoakWorker, spawnSoakWorker, type WorkerMemory } from './workers.js'

/** How long, how fast, and from which seed. */
export interface SoakOptions {
  /** Runs to begin before the end. */
  readonly fires: number
  /** Occurrences a second to offer. */
  readonly rate: number
  readonly seed: number
  readonly sampleMs: number
  readonly onProgress?: (line: string) => void
}

/** What a soak has shown; it went well when there are no problems. */
export interface SoakResult {
  readonly fires: number
  readonly seconds: number
  readonly changes: number
  readonly deaths: number
  readonly judgements: readonly Judgement[]
  /** The keys that remain after the removal of all schedules and the end of all workers. */
  readonly left: readonly LeftKey[]
  readonly problems: readonly string[]
}

const PREFIX = 'soak'
const VETERANS = 2
const MORTALS = 2
/** Reached within the first half of a short soak, also where the entries of failed runs hold a stack. */
const HISTORY_COUNT = 10
const CHANGE_MS = 40
const DEATH_MS = 3_000
/** A worker that died is dropped 15 s after its last beat, by the next beat after that. */
const DROPPED_MS = 30_000
const LONGEST_TTL_MS = 60_000
/** The counts of a minute stay for a day and an hour. */
const MINUTE_TTL_MS = 90_000_000
const MIB = 1024 * 1024

const ALLOWED = {
  heap: { most: MIB, share: 0.02 },
  rss: { most: 8 * MIB, share: 0.05 },
  memory: { most: 0.25 * MIB, share: 0.02 },
  count: { most: 20, share: 0.03 },
}

/**
 * Runs a fleet on a server of its own until it has started a number of runs. Schedules are created, edited and removed;
 * half of the workers are killed or stopped and replaced all the time, the others stay and are measured. Then removes
 * every schedule, stops every worker, and reads the remaining keys.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  const { onProgress = () => {} } = options
  const random = createRandom(options.seed)
  // Small nodes, so that the cap of a history holds to the entry, nearly, and is reached early.
  await using server = await startRedisServer({ args: ['--stream-node-max-entries', '10'] })
  const redis = new Redis(server.url, { maxRetriesPerRequest: null })
  await redis.hset(`{${PREFIX}}:meta`, 'history', HISTORY_COUNT)
  const control = new Everybeat({ redis: server.url, prefix: PREFIX, logger: false })
  const workers: SoakWorker[] = []
  const spawn = async (): Promise<SoakWorker> => {
    const worker = await spawnSoakWorker(server.url, PREFIX)
    workers.push(worker)
    return worker
  }
  const fires = (): number => workers.reduce((sum, worker) => sum + worker.fires, 0)
  const begunAt = performance.now()
  const seconds = (): number => (performance.now() - begunAt) / 1_000
  let isLoading = true
  let deaths = 0
  try {
    await control.schedules.putMany(steadySchedules(options.rate) as (DefinitionInput & { name: string })[])
    const veterans = await Promise.all(Array.from({ length: VETERANS }, spawn))
    const mortals = await Promise.all(Array.from({ length: MORTALS }, spawn))
    const churn = createChurn(control, redis, PREFIX, random)
    const sizes: RedisSize[] = []
    const memories: WorkerMemory[][] = veterans.map(() => [])

    async function change(): Promise<void> {
      for (; isLoading; await sleep(CHANGE_MS)) await churn.step()
    }
    async function replace(): Promise<void> {
      for (await sleep(DEATH_MS); isLoading; await sleep(DEATH_MS)) {
        await mortals.shift()?.end(random.pick(['SIGKILL', 'SIGTERM']))
        deaths += 1
        mortals.push(await spawn())
      }
    }
    async function measure(): Promise<void> {
      for (; fires() < options.fires; await sleep(options.sampleMs)) {
        for (const [index, veteran] of veterans.entries()) memories[index]!.push(await veteran.measure())
        sizes.push(await readSize(redis, PREFIX))
        onProgress(describe(fires(), seconds(), sizes.at(-1)!, memories))
      }
      isLoading = false
    }

    await Promise.all([change(), replace(), measure()])
    const loaded = { fires: fires(), seconds: seconds() }
    const judgements = [
      ...veterans.flatMap((_, index) => judgeWorker(index + 1, memories[index]!)),
      ...judgeRedis(sizes),
    ]
    const left = await takeDown()
    const errors = veterans.reduce((sum, { errors: count }) => sum + count, 0)
    const problems = [
      ...judgements.flatMap((one) =>
        one.isFlat ? [] : [`${one.name} grew by ${one.growth}, allowed: ${one.allowed}`],
      ),
      ...findLitter(left, PREFIX).map(({ key, type }) => `${key} (${type}) is left for ever`),
      ...left.flatMap(({ key, ttlMs }) =>
        ttlMs !== null && ttlMs > (key.includes(':minute:') ? MINUTE_TTL_MS : LONGEST_TTL_MS)
          ? [`${key} is left for ${ttlMs} ms`]
          : [],
      ),
      ...(errors > 0 ? [`${errors} errors on workers that nothing was done to`] : []),
    ]
    return { ...loaded, changes: churn.changes, deaths, judgements, left, problems }

    /** Some die with runs under way, all schedules go, the others stop in good order when the fleet knows of the dead. */
    async function takeDown(): Promise<LeftKey[]> {
      await Promise.all(mortals.map((worker) => worker.end('SIGKILL')))
      for (let page = await control.schedules.list({ limit: 500 }); page.length > 0;) {
        await Promise.all(page.map(({ name }) => control.schedules.remove(name)))
        page = await control.schedules.list({ limit: 500 })
      }
      await waitFor(async () => (await redis.zcard(`{${PREFIX}}:ranks`)) === VETERANS, {
        what: 'the fleet to remove its dead workers',
        timeoutMs: DROPPED_MS,
      })
      await Promise.all(veterans.map((worker) => worker.end('SIGTERM')))
      return await listKeys(redis)
    }
  } finally {
    isLoading = false
    await Promise.all(workers.map((worker) => worker.end('SIGKILL')))
    await control.stop()
    redis.disconnect()
  }
}

function judgeWorker(number: number, memories: readonly WorkerMemory[]): Judgement[] {
  const heap = memories.map(({ heapBytes }) => heapBytes)
  const resident = memories.map(({ rssBytes }) => rssBytes)
  return [
    judge({ name: `worker ${number}: heap`, unit: 'bytes', values: heap }, ALLOWED.heap),
    judge({ name: `worker ${number}: resident`, unit: 'bytes', values: resident }, ALLOWED.rss),
  ]
}

function judgeRedis(sizes: readonly RedisSize[]): Judgement[] {
  const memory = sizes.map(({ memoryBytes }) => memoryBytes)
  const keys = sizes.map(({ keyCount }) => keyCount)
  const members = sizes.map(({ memberCount }) => memberCount)
  return [
    judge({ name: 'redis: memory', unit: 'bytes', values: memory }, ALLOWED.memory),
    judge({ name: 'redis: keys', unit: 'count', values: keys }, ALLOWED.count),
    judge({ name: 'redis: members of shared indexes', unit: 'count', values: members }, ALLOWED.count),
  ]
}

function describe(fires: number, seconds: number, size: RedisSize, memories: readonly WorkerMemory[][]): string {
  const heaps = memories.map((list) => `${toMib(list.at(-1)!.heapBytes)}/${toMib(list.at(-1)!.rssBytes)}`)
  return (
    `${Math.round(seconds)} s, ${fires} fires, ${Math.round(fires / seconds)}/s; heap/resident MiB ${heaps.join(' ')}; ` +
    `redis ${toMib(size.memoryBytes)} MiB, ${size.keyCount} keys, ${size.memberCount} members`
  )
}

/** Bytes as MiB, with two digits. */
export function toMib(bytes: number): string {
  return (bytes / MIB).toFixed(2)
}
