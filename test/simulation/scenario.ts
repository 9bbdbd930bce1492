import type { DefinitionShape } from '../../src/index.js'
import { createRandom, type Random } from '../chaos/harness/random.js'
import type { ChaosSchedule } from '../chaos/harness/schedules.js'
import { FAULT_KINDS, type PlannedFault } from './faults.js'

/** Where the clock of every scenario begins: a Sunday at midnight. */
export const START_MS = Date.UTC(2026, 2, 1)

/** Everything that is decided before a fleet begins: the same scenario gives the same history. */
export interface Scenario {
  readonly seed: number
  readonly hours: number
  readonly workerCount: number
  readonly leaseMs: number
  readonly latencyMs: number
  readonly concurrency: number
  readonly schedules: readonly ChaosSchedule[]
  /** In the order of their moments. */
  readonly faults: readonly PlannedFault[]
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** How many faults an hour has. */
const FAULTS_PER_HOUR = 3
/** How many hours have one stretch in which schedules follow fast. */
const HOURS_PER_BURST = 2
/** How far before and behind an instant most faults come, ms: little is under way at other times. */
const NEAR_MS = [-30, 1_500] as const

/** Schedules, a fleet and its faults, from a seed alone. */
export function generateScenario(seed: number, hours: number, kinds: readonly string[] = FAULT_KINDS): Scenario {
  const random = createRandom(seed)
  // What a store forgot cannot be told by a clock that jumped meanwhile.
  const excluded = random.next() < 0.5 ? ['storeClock'] : ['flush', 'failover']
  const possible = kinds.filter((kind) => kinds.length === 1 || !excluded.includes(kind))
  const lengthMs = hours * HOUR_MS
  const steady = Array.from({ length: random.between(2, 4) }, (_, index) => generateSteady(random, index))
  const bursts = Array.from({ length: Math.max(1, Math.round(hours / HOURS_PER_BURST)) }, (_, index) => {
    return generateBurst(random, index, lengthMs)
  })
  const schedules = [...steady, ...bursts]
  const count = Math.max(1, Math.round(hours * FAULTS_PER_HOUR))
  const faults = Array.from({ length: count }, () => generateFault(random, schedules, lengthMs, possible))
  return {
    seed,
    hours,
    workerCount: random.between(2, 4),
    leaseMs: random.pick([5_000, 10_000, 30_000]),
    latencyMs: random.pick([0, 0, 1, 5, 40]),
    concurrency: random.pick([8, 50]),
    schedules,
    faults: faults.sort((first, second) => first.atMs - second.atMs),
  }
}

/** A schedule that goes at all times, and seldom. */
function generateSteady(random: Random, index: number): ChaosSchedule {
  const minutes = random.pick([5, 10, 15, 20, 30, 60])
  const trigger = random.next() < 0.5 ? { every: minutes * MINUTE_MS } : { cron: cronOf(minutes) }
  const ms = random.pick([1, 5, 100, 700, 3_000, minutes >= 20 ? 15_000 : 20])
  return toSchedule(`steady-${index}`, trigger, minutes * MINUTE_MS, ms, random)
}

/** A schedule that goes for a short time only, and fast, with runs as long as its period. */
function generateBurst(random: Random, index: number, lengthMs: number): ChaosSchedule {
  const stepMs = random.pick([500, 1_000, 3_000, 10_000])
  const fromMs = START_MS + MINUTE_MS + Math.floor(random.next() * Math.max(1, lengthMs - 2 * MINUTE_MS))
  const window = { fromMs, toMs: fromMs + Math.max(10_000, stepMs * 4) }
  const trigger = { every: stepMs, start: new Date(window.fromMs), end: new Date(window.toMs), anchor: 0 }
  const ms = Math.round(stepMs * random.pick([0.01, 0.3, 0.9, 1.3, 2.2]))
  return { ...toSchedule(`burst-${index}`, trigger as never, stepMs, ms, random), window }
}

function toSchedule(name: string, trigger: DefinitionShape, stepMs: number, ms: number, random: Random): ChaosSchedule {
  const onCrash = random.pick(['skip', 'rerun'] as const)
  const overlap = random.pick(['skip', 'queue', 'replace', 'allow'] as const)
  const retries = random.pick([0, 0, 2])
  const jitterMs = random.next() < 0.15 ? Math.round(stepMs / 4) : 0
  const definition: DefinitionShape = {
    ...trigger,
    task: 'work',
    payload: { ms, failureRate: random.pick([0, 0, 0.2]) },
    onCrash,
    overlap,
    misfire: random.pick(['all', 'all', 'latest', 'skip'] as const),
    maxDeliveries: 50,
    ...(retries > 0 ? { retries, backoff: { type: 'exponential', delay: random.pick([200, 5_000]) } } : {}),
    ...(jitterMs > 0 ? { jitter: jitterMs } : {}),
  }
  return { name, definition, stepMs, inMinute: false, onCrash, overlap, isPrompt: false, jitterMs }
}

function cronOf(minutes: number): string {
  return minutes === 60 ? '0 * * * *' : `*/${minutes} * * * *`
}

function generateFault(
  random: Random,
  schedules: readonly ChaosSchedule[],
  lengthMs: number,
  kinds: readonly string[],
): PlannedFault {
  const { stepMs, window } = random.pick(schedules)
  const aroundMs = window
    ? random.between(window.fromMs, window.toMs) - START_MS
    : Math.ceil((random.next() * lengthMs) / stepMs) * stepMs
  const near = random.next() < 0.8 ? random.between(...NEAR_MS) : random.between(0, stepMs)
  return {
    kind: random.pick(kinds),
    atMs: Math.max(1, Math.min(aroundMs + near, lengthMs)),
    worker: random.between(0, 3),
    lastsMs: random.pick([50, 400, 3_000, 12_000, 45_000, 90_000]),
    byMs: random.pick([10, 200, 1_500, 8_000, 60_000, 3_600_000]) * (random.next() < 0.5 ? 1 : -1),
  }
}
