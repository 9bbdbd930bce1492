import type { DefinitionShape } from '../../src/index.js'
import { createRandom, type Random } from '../chaos/harness/random.js'
import type { ChaosSchedule } from '../chaos/harness/schedules.js'
import { FAULT_KINDS, type PlannedFault } from './faults.js'

/** Where the clock of every scenario begins: a Sunday at midnight. */
export const START_MS = Date.UTC(2026, 2, 1)

/** A schedule, and how long its handler takes, ms. */
export interface SimulatedSchedule extends ChaosSchedule {
  readonly workMs: number
}

/** Everything that is decided before a fleet begins: the same scenario gives the same history. */
export interface Scenario {
  readonly seed: number
  readonly hours: number
  readonly workerCount: number
  readonly leaseMs: number
  readonly latencyMs: number
  readonly concurrency: number
  readonly schedules: readonly SimulatedSchedule[]
  /** In the order of their moments. */
  readonly faults: readonly PlannedFault[]
}

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
/** How many faults an hour has. */
const FAULTS_PER_HOUR = 3
/** Faults that are more frequent than others: only a check in a script guards against their effect. */
const FREQUENT = ['storeClock', 'storeClock', 'editUnheard', 'editUnheard']
/** How likely a fault has another one close behind it. */
const COMPANY = 0.4
/** How likely a fault comes while schedules follow fast. */
const IN_BURST = 0.6
/** How many hours have one stretch in which schedules follow fast. */
const HOURS_PER_BURST = 2
/** How far before and behind an instant most faults come, ms: little is under way at other times. */
const NEAR_MS = [-30, 1_500] as const

/** Schedules, a fleet and its faults, from a seed alone. */
export function generateScenario(seed: number, hours: number, kinds: readonly string[] = FAULT_KINDS): Scenario {
  const random = createRandom(seed)
  // After a jump of the store's clock, the lost span of the store cannot be determined.
  const isForgetful = random.next() < 0.5
  const excluded = isForgetful ? ['storeClock', 'dropState'] : ['flush', 'failover']
  const possible = kinds.filter((kind) => kinds.length === 1 || !excluded.includes(kind))
  if (possible.length > 1) possible.push(...FREQUENT.filter((kind) => !excluded.includes(kind)))
  const lengthMs = hours * HOUR_MS
  const steady = Array.from({ length: random.between(2, 4) }, (_, index) => generateSteady(random, index))
  const bursts = Array.from({ length: Math.max(1, Math.round(hours / HOURS_PER_BURST)) }, (_, index) => {
    return generateBurst(random, index, lengthMs)
  })
  const schedules = [...steady, ...bursts, ...(isForgetful ? [] : generateOnce(random, lengthMs))]
  const count = Math.max(1, Math.round(hours * FAULTS_PER_HOUR))
  const faults: PlannedFault[] = []
  while (faults.length < count) faults.push(...generateFaults(random, { steady, bursts, lengthMs, kinds: possible }))
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
function generateSteady(random: Random, index: number): SimulatedSchedule {
  const minutes = random.pick([5, 10, 15, 20, 30, 60])
  const trigger = random.next() < 0.5 ? { every: minutes * MINUTE_MS } : { cron: cronOf(minutes) }
  const ms = random.pick([1, 5, 100, 700, 3_000, minutes >= 20 ? 15_000 : 20])
  return toSchedule(`steady-${index}`, trigger, minutes * MINUTE_MS, ms, random)
}

/** A schedule that goes for a short time only, and fast, with runs as long as its period. */
function generateBurst(random: Random, index: number, lengthMs: number): SimulatedSchedule {
  const stepMs = random.pick([500, 1_000, 3_000, 10_000, 10_000])
  const fromMs = START_MS + MINUTE_MS + Math.floor(random.next() * Math.max(1, lengthMs - 2 * MINUTE_MS))
  const window = { fromMs, toMs: fromMs + Math.max(10_000, stepMs * 4) }
  const trigger = { every: stepMs, start: new Date(window.fromMs), end: new Date(window.toMs), anchor: 0 }
  const ms = Math.round(stepMs * random.pick([0.01, 0.3, 0.9, 0.9, 1.3, 2.2]))
  return { ...toSchedule(`burst-${index}`, trigger as never, stepMs, ms, random), window }
}

/** Two schedules of one occurrence: one that is removed some time after it, and one that stays. */
function generateOnce(random: Random, lengthMs: number): SimulatedSchedule[] {
  const stepMs = 1_000
  return ['removed', 'kept'].map((fate) => {
    const atMs = START_MS + Math.ceil((MINUTE_MS + random.next() * (lengthMs / 3)) / stepMs) * stepMs
    const removal: DefinitionShape = fate === 'removed' ? { removeAfter: '30m' } : {}
    const schedule = toSchedule(`once-${fate}`, { at: new Date(atMs), ...removal }, stepMs, 100, random)
    const { jitter: _, ...definition } = { ...schedule.definition, misfire: 'all' as const }
    return { ...schedule, definition, jitterMs: 0, window: { fromMs: atMs, toMs: atMs } }
  })
}

function toSchedule(
  name: string,
  trigger: DefinitionShape,
  stepMs: number,
  ms: number,
  random: Random,
): SimulatedSchedule {
  const onCrash = random.pick(['skip', 'rerun'] as const)
  const overlap = random.pick(['skip', 'queue', 'replace', 'allow'] as const)
  const retries = random.pick([0, 0, 2])
  const jitterMs = random.next() < 0.15 ? Math.round(stepMs / 4) : 0
  const definition: DefinitionShape = {
    ...trigger,
    task: 'work',
    // What a person edits is said by the code as well: a deploy that writes over it shows.
    note: 'as declared',
    payload: { ms, failureRate: random.pick([0, 0, 0.2]) },
    onCrash,
    overlap,
    misfire: random.pick(['all', 'all', 'latest', 'skip'] as const),
    maxDeliveries: 50,
    ...(retries > 0 ? { retries, backoff: { type: 'exponential', delay: random.pick([200, 5_000]) } } : {}),
    ...(jitterMs > 0 ? { jitter: jitterMs } : {}),
  }
  return { name, definition, stepMs, inMinute: false, onCrash, overlap, isPrompt: false, jitterMs, workMs: ms }
}

function cronOf(minutes: number): string {
  return minutes === 60 ? '0 * * * *' : `*/${minutes} * * * *`
}

/** A fault, and the faults that follow closely. */
function generateFaults(
  random: Random,
  given: { steady: SimulatedSchedule[]; bursts: SimulatedSchedule[]; lengthMs: number; kinds: readonly string[] },
): PlannedFault[] {
  const { steady, bursts, lengthMs, kinds } = given
  const { stepMs, window } = random.pick(random.next() < IN_BURST ? bursts : steady)
  const aroundMs = window
    ? random.between(window.fromMs, window.toMs) - START_MS
    : Math.ceil((random.next() * lengthMs) / stepMs) * stepMs
  const near = random.next() < 0.8 ? random.between(...NEAR_MS) : random.between(0, stepMs)
  const faults = [generateFault(random, aroundMs + near, lengthMs, kinds)]
  while (random.next() < COMPANY) {
    faults.push(generateFault(random, faults.at(-1)!.atMs + random.between(0, 4_000), lengthMs, kinds))
  }
  return faults
}

function generateFault(random: Random, atMs: number, lengthMs: number, kinds: readonly string[]): PlannedFault {
  return {
    kind: random.pick(kinds),
    atMs: Math.max(1, Math.min(atMs, lengthMs)),
    worker: random.between(0, 3),
    lastsMs: random.pick([50, 400, 3_000, 12_000, 45_000, 90_000]),
    byMs: random.pick([10, 200, 1_500, 8_000, 60_000, 3_600_000]) * (random.next() < 0.5 ? 1 : -1),
  }
}
