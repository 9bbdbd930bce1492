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
import { monotonicNow } from './journal.js'
import { openLedger } from './ledger.js'
import { createRandom, type Random } from './random.js'
import { type ChaosSchedule, dueBetween, generateSchedules } from './schedules.js'

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
  /** Redis has lost its memory from here, until what is declared in code is back. */
  beginAmnesia(): void
}

/** A kind of fault, and what Everybeat promises while it lasts. */
export interface Fault {
  readonly name: string
  readonly promise: string
  readonly serverArgs?: readonly string[]
  readonly usesProxies?: boolean
  /** Schedules are declared by the workers, and come back by themselves. */
  readonly isDeclared?: boolean
  readonly workerEnv?: (index: number) => Promise<Record<string, string>>
  /** Pause between two injections, ms. */
  readonly pauseMs?: readonly [number, number]
  inject(context: ChaosContext): Promise<void>
  /** Makes everything well again. */
  heal?(context: ChaosContext): Promise<void>
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

/** Runs a mix of schedules on real processes and a real Redis under a fault, and checks what came of it. */
export async function runScenario(fault: Fault, options: ScenarioOptions): Promise<ScenarioResult> {
  const { seconds, seed, workerCount = 3, leaseMs = 2_000, onProgress = () => {} } = options
  const random = createRandom(seed)
  const schedules = generateSchedules(random)
  const prefix = 'chaos'
  const dir = mkdtempSync(join(tmpdir(), 'everybeat-chaos-'))
  await using server = await startRedisServer({ args: fault.serverArgs ?? [] })
  const admin = new Redis(server.url, { maxRetriesPerRequest: null })
  admin.on('error', () => {})
  const proxies: ChaosProxy[] = []
  const definitions = Object.fromEntries(schedules.map(({ name, definition }) => [name, definition]))
  const envs: Record<string, string>[] = []
  for (let index = 0; index < workerCount; index += 1) envs.push((await fault.workerEnv?.(index)) ?? {})
  if (fault.usesProxies)
    for (let index = 0; index < workerCount; index += 1) proxies.push(await startProxy(server.port))
  const fleet = createFleet({
    dir,
    leaseMs,
    stopMs: STOP_MS,
    options: (index) => ({ redis: proxies[index % workerCount]?.url ?? server.url, prefix }),
    declare: fault.isDeclared ? definitions : {},
    env: (index) => envs[index % workerCount] ?? {},
  })
  const ledger = openLedger(server.url, prefix, Object.keys(definitions))
  const wallOffsetMs = Date.now() - monotonicNow()
  const amnesia: { fromMs: number; toMs: number }[] = []
  let injections = 0
  const collector = setInterval(() => void ledger.read().catch(() => {}), 400)
  try {
    const control = new Everybeat({ redis: server.url, prefix, logger: false })
    await control.schedules.putMany(schedules.map(({ name, definition }) => ({ name, ...definition })))
    await control.stop()
    await Promise.all(Array.from({ length: workerCount }, () => fleet.spawn()))
    const fromMs = Date.now()
    const context: ChaosContext = {
      random,
      server,
      fleet,
      admin,
      proxies,
      prefix,
      leaseMs,
      workerCount,
      // What came due within the last moments may have been claimed, or not, by a memory that is gone.
      beginAmnesia: () => void amnesia.push({ fromMs: Date.now() - 1_500, toMs: Date.now() + 6_000 + leaseMs }),
    }
    const [least, most] = fault.pauseMs ?? [500, 2_000]
    for (const endAt = fromMs + seconds * 1_000; Date.now() < endAt;) {
      await sleep(random.between(least, most))
      if (Date.now() >= endAt) break
      await fault.inject(context)
      injections += 1
      onProgress(`${fault.name}: ${injections} injections, ${ledger.entries.length} entries`)
    }
    await fault.heal?.(context)
    const toMs = Date.now()
    const recovered = await untilRecorded(schedules, ledger, fromMs, toMs, amnesia)
    if (!recovered) onProgress(`${fault.name}: not everything was recorded in time`)
    await fleet.stopAll()
    await ledger.read()
    const findings = check({
      schedules,
      fromMs,
      toMs,
      spans: fleet.spans(),
      ledger: ledger.entries,
      wallOffsetMs,
      amnesia,
    })
    return { ...findings, fault: fault.name, promise: fault.promise, injections, seed }
  } finally {
    clearInterval(collector)
    for (const worker of fleet.all) worker.child.kill('SIGKILL')
    for (const proxy of proxies) await proxy.close()
    ledger.close()
    admin.disconnect()
    if (!options.keepDir) rmSync(dir, { recursive: true, force: true })
    else onProgress(`journals: ${dir}`)
  }
}

/** Waits until every occurrence of the run is in the history; what Redis forgot is not waited for. */
async function untilRecorded(
  schedules: readonly ChaosSchedule[],
  ledger: ReturnType<typeof openLedger>,
  fromMs: number,
  toMs: number,
  amnesia: readonly { fromMs: number; toMs: number }[],
): Promise<boolean> {
  const isForgotten = (at: number) => amnesia.some((span) => at >= span.fromMs && at <= span.toMs)
  for (const endAt = Date.now() + RECOVERY_TIMEOUT_MS; Date.now() < endAt; await sleep(250)) {
    await ledger.read().catch(() => {})
    const isComplete = schedules.every((schedule) => {
      const entries = ledger.entries.filter(({ schedule: name }) => name === schedule.name)
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
