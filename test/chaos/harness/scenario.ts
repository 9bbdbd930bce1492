import type { DefinitionInput } from '../../../src/index.js'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Everybeat } from '../../../src/index.js'
import { type RedisServer, startRedisServer } from '../../../src/testing/redis-server.js'
import { type ChaosProxy, startProxy } from '../proxy.js'
import { check, type Findings } from './check.js'
import { type ChaosFleet, createFleet } from './fleet.js'
import { openHistory } from './history-reader.js'
import { createRandom, type Random } from './random.js'
import { createRedisTime, type RedisTime } from './redis-time.js'
import { type ChaosSchedule, dueBetween, generateSchedules } from './schedules.js'
import type { Stage, WorkerPlace } from './stage.js'

/** What an injector may get hold of. */
export interface ChaosContext {
  readonly random: Random
  readonly server: RedisServer
  readonly fleet: ChaosFleet
  readonly admin: Redis
  /** In front of the worker at this place in the order of starts; every worker has one where the fault asks for it. */
  readonly proxies: readonly ChaosProxy[]
  readonly prefix: string
  readonly leaseMs: number
  readonly workerCount: number
  readonly stage: Stage
  /** Redis's clock, and the jumps that it makes. */
  readonly time: RedisTime
  /**
   * Records that Redis has lost its data from here until the declared schedules are restored; or, with an instant, that the
   * writes since then are lost: their runs may start again.
   */
  beginDataLoss(sinceMs?: number): void
}

/** A kind of fault, and what Everybeat promises while it lasts. */
export interface Fault {
  readonly name: string
  readonly promise: string
  readonly serverArgs?: readonly string[]
  readonly usesProxies?: boolean
  /** Whether the workers declare the schedules, so that these are restored after a data loss. */
  readonly isDeclared?: boolean
  /** Sets up what it needs. Throws `Unavailable` where this machine cannot. */
  readonly prepare?: (options: { workerCount: number }) => Promise<Stage>
  /** Pause between two injections, ms. */
  readonly pauseMs?: readonly [number, number]
  inject(context: ChaosContext): Promise<void>
  /** Makes everything well again. */
  undo?(context: ChaosContext): Promise<void>
}

/** How long, from which seed, and how large. */
export interface ScenarioOptions {
  readonly seconds: number
  readonly seed: number
  readonly workerCount?: number
  readonly leaseMs?: number
  readonly keepDir?: boolean
  readonly onProgress?: (line: string) => void
}

export type ScenarioResult = Findings & { fault: string; promise: string; injections: number; seed: number }

const RECOVERY_TIMEOUT_MS = 30_000
const STOP_MS = 5_000
/** Longer than any handler of the schedules takes. */
const GOING_MS = 4_000

/** Runs a mix of schedules on real processes and a real Redis under a fault, and checks what came of it. */
export async function runScenario(fault: Fault, options: ScenarioOptions): Promise<ScenarioResult> {
  const { seconds, seed, workerCount = 3, leaseMs = 2_000, onProgress = () => {} } = options
  const random = createRandom(seed)
  const schedules = generateSchedules(random)
  const prefix = 'chaos'
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-chaos-'))
  const stage = (await fault.prepare?.({ workerCount })) ?? {}
  await using _stage = { [Symbol.asyncDispose]: () => stage.close?.() ?? Promise.resolve() }
  await using server = await startRedisServer({
    args: [...(fault.serverArgs ?? []), ...(stage.serverArgs ?? [])],
    env: stage.serverEnv,
  })
  const admin = new Redis(server.url, { maxRetriesPerRequest: null })
  admin.on('error', () => {})
  const proxies: ChaosProxy[] = []
  const definitions = Object.fromEntries(schedules.map(({ name, definition }) => [name, definition]))
  const placeOf = (index: number): WorkerPlace => stage.places?.[index % workerCount] ?? {}
  const urlOf = (index: number): string =>
    proxies[index % workerCount]?.url ?? `redis://${placeOf(index).host ?? '127.0.0.1'}:${server.port}`
  if (fault.usesProxies)
    for (let index = 0; index < workerCount; index += 1) proxies.push(await startProxy(server.port))
  const fleet = createFleet({
    dir,
    leaseMs,
    stopMs: STOP_MS,
    options: (index) => ({ redis: urlOf(index), prefix, ...placeOf(index).options }),
    declare: fault.isDeclared ? definitions : {},
    place: placeOf,
    keepsLeases: stage.keepsLeases ?? false,
  })
  const records = openHistory(server.url, prefix, Object.keys(definitions))
  const time = createRedisTime()
  const dataLoss: { fromMs: number; toMs: number; isRewound: boolean }[] = []
  let injections = 0
  const collector = setInterval(() => void records.read().catch(() => {}), 400)
  try {
    const control = new Everybeat({ redis: server.url, prefix, logger: false })
    await control.schedules.putMany(
      schedules.map(({ name, definition }) => ({ name, ...definition })) as (DefinitionInput & { name: string })[],
    )
    await control.stop()
    await Promise.all(Array.from({ length: workerCount }, () => fleet.spawn()))
    const fromMs = time.now()
    const context: ChaosContext = {
      random,
      server,
      fleet,
      admin,
      proxies,
      prefix,
      leaseMs,
      workerCount,
      stage,
      time,
      // Occurrences of the last moments may have been claimed, or not, in the lost dataset.
      beginDataLoss: (sinceMs) =>
        void dataLoss.push({
          fromMs: sinceMs === undefined ? Date.now() - 1_500 : sinceMs - GOING_MS,
          toMs: Date.now() + 6_000 + leaseMs,
          isRewound: sinceMs !== undefined,
        }),
    }
    const [least, most] = fault.pauseMs ?? [500, 2_000]
    for (const endAt = Date.now() + seconds * 1_000; Date.now() < endAt;) {
      await sleep(random.between(least, most))
      if (Date.now() >= endAt) break
      await fault.inject(context)
      injections += 1
      onProgress(`${fault.name}: ${injections} injections, ${records.entries.length} entries`)
    }
    await fault.undo?.(context)
    const toMs = time.highest()
    const undoneAt = performance.now()
    const recovered = await untilRecorded(schedules, records, fromMs, toMs, dataLoss)
    if (!recovered) onProgress(`${fault.name}: not everything was recorded in time`)
    const recoveredAt = performance.now()
    await fleet.stopAll()
    const [recoveryMs, stopMs] = [recoveredAt - undoneAt, performance.now() - recoveredAt].map(Math.round)
    onProgress(`${fault.name}: recorded after ${recoveryMs} ms, stopped within ${stopMs} ms`)
    await records.read()
    const findings = check({
      schedules,
      fromMs,
      toMs,
      spans: fleet.spans(),
      records: records.entries,
      time,
      leaseMs,
      dataLoss,
    })
    return { ...findings, fault: fault.name, promise: fault.promise, injections, seed }
  } finally {
    clearInterval(collector)
    for (const worker of fleet.all) worker.child.kill('SIGKILL')
    for (const proxy of proxies) await proxy.close()
    records.close()
    admin.disconnect()
    if (!options.keepDir) rmSync(dir, { recursive: true, force: true })
    else onProgress(`journals: ${dir}`)
  }
}

/** Waits until every occurrence of the run is in the history, except for occurrences that a data loss removed. */
async function untilRecorded(
  schedules: readonly ChaosSchedule[],
  records: ReturnType<typeof openHistory>,
  fromMs: number,
  toMs: number,
  dataLoss: readonly { fromMs: number; toMs: number }[],
): Promise<boolean> {
  // Runs that were running at the data loss are not awaited either: their record is lost.
  const isForgotten = (at: number) => dataLoss.some((span) => at >= span.fromMs - GOING_MS && at <= span.toMs)
  for (const endAt = Date.now() + RECOVERY_TIMEOUT_MS; Date.now() < endAt; await sleep(250)) {
    await records.read().catch(() => {})
    const isComplete = schedules.every((schedule) => {
      const entries = records.entries.filter(({ schedule: name }) => name === schedule.name)
      const known = new Set(entries.map(({ scheduledAt }) => scheduledAt))
      const groups = entries.filter(({ count }) => count > 1)
      return dueBetween(schedule, fromMs, toMs).every(
        (at) =>
          known.has(at) || isForgotten(at) || groups.some((group) => at >= group.scheduledAt && at <= group.untilMs),
      )
    })
    if (isComplete) return true
  }
  return false
}
