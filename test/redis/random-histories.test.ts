import fc from 'fast-check'
import { afterAll, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape, Run } from '../../src/index.js'
import { oneTurn, withinRealTime } from '../support/driven-clock.js'
import { createDrivenFleet, type DrivenFleet } from '../support/driven-fleet.js'
import { startDrivenRedis, type DrivenRedis } from '../support/driven-redis.js'
import { findFaults, findStartFaults, RULES, type Rule, type Stretch } from '../support/occurrence-model.js'
import { ensureTool } from '../support/tools.js'

/** 200 take some minutes: on a developer's machine it is a part of them, with new seeds each time. */
const HISTORIES = Number(process.env['HISTORIES'] ?? (process.env['CI'] === 'true' ? 200 : 50))
/** Some worlds take minutes: after this time, ns, no further one begins, unless a number of histories is given. */
const MOST_NS = 300_000_000_000n
/** Histories that share a fleet and its accidents. */
const AT_ONCE = 25
/** A Thursday; what follows crosses a weekend, and no change of the clocks. */
const START_MS = Date.UTC(2026, 2, 5, 10, 0, 3, 500)
/** How long people and accidents interfere, ms; while the whole fleet is down time is stretched. */
const SPAN_MS = 20 * 60_000
const LEASE_MS = 30_000
const LONG_OUTAGE_MS = 600_000
const MOST_WORKERS = 3
/** Entries that a records may have here: none is to be cut. */
const RECORDS = 100_000

const definitions = fc.record({
  rule: fc.nat(RULES.length - 1),
  policy: fc.record({
    misfire: fc.constantFrom('skip', 'latest', 'all'),
    misfireGrace: fc.constantFrom(0, 5_000, 60_000, 1_200_000),
    catchUpWindow: fc.constantFrom('10m', '6h', '24h'),
    maxCatchUp: fc.constantFrom(1, 3, 100),
    overlap: fc.constantFrom('skip', 'queue', 'replace', 'allow'),
    onCrash: fc.constantFrom('skip', 'rerun'),
    maxDeliveries: fc.constantFrom(1, 3),
    retries: fc.constantFrom(0, 0, 2),
    backoff: fc.constantFrom({ type: 'fixed', delay: '20s' }, { type: 'exponential', delay: '1s', max: '1m' }),
    jitter: fc.constantFrom(0, 0, 4_000),
    timeout: fc.constantFrom('15s', '1h'),
    payload: fc.record({
      ms: fc.constantFrom(0, 0, 50, 12_000, 100_000, 400_000),
      failTenths: fc.constantFrom(0, 0, 3, 10),
    }),
  }),
})

const momentMs = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 0, max: SPAN_MS }) },
  // On the instant of an occurrence.
  { weight: 1, arbitrary: fc.integer({ min: 0, max: SPAN_MS / 5_000 }).map((steps) => steps * 5_000 - 3_500) },
)

const deeds = fc.record({
  atMs: momentMs,
  what: fc.constantFrom(
    'edit-trigger',
    'edit-trigger',
    'edit',
    'edit-plainly',
    'pause',
    'pause-until',
    'resume',
    'disable',
    'enable',
    'trigger',
    'cancel',
    'lose-lease',
    'backfill',
    'redeclare',
  ),
  rule: fc.nat(RULES.length - 1),
})

const accidents = fc.record({
  atMs: momentMs,
  what: fc.constantFrom('kill', 'kill', 'leave', 'outage', 'join'),
  victim: fc.nat(MOST_WORKERS),
  /** How far into what happens at that instant. */
  turns: fc.nat(8),
  againMs: fc.constantFrom(0, 2_000, 40_000, 300_000),
  outageMs: fc.constantFrom(20_000, 600_000, 5 * 3_600_000, 30 * 3_600_000),
})

const worlds = fc.record({
  histories: fc.array(fc.record({ definition: definitions, deeds: fc.array(deeds, { maxLength: 6 }) }), {
    minLength: AT_ONCE,
    maxLength: AT_ONCE,
    size: 'max',
  }),
  accidents: fc.array(accidents, { maxLength: 8, size: 'max' }),
  workers: fc.integer({ min: 1, max: MOST_WORKERS }),
})
type WorldPlan = typeof worlds extends fc.Arbitrary<infer Plan> ? Plan : never
type HistoryPlan = WorldPlan['histories'][number]

async function work({ payload, scheduledAt, attempt, signal }: Run): Promise<void> {
  const { ms, failTenths } = payload as { ms: number; failTenths: number }
  await new Promise<void>((resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    if (ms === 0) resolve()
    else setTimeout(resolve, ms)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
  if (attempt === 1 && (scheduledAt.getTime() / 1_000) % 10 < failTenths) throw new Error('no luck')
}

/** One schedule, its edits, and the stretches of time in which it had occurrences. */
function createLife(fleet: DrivenFleet, name: string, plan: HistoryPlan) {
  const { schedules } = fleet.control
  const stretches: Stretch[] = []
  let rule: Rule = RULES[plan.definition.rule]!
  let beganAt: number | null = null
  const definition = (): DefinitionShape => ({
    ...(plan.definition.policy as Partial<DefinitionShape>),
    ...rule.trigger,
    task: 'work',
  })
  const begin = (): void => void (beganAt = fleet.clock.nowMs)
  const end = (): void => {
    if (beganAt !== null) stretches.push({ rule, fromMs: beganAt, toMs: fleet.clock.nowMs })
    beganAt = null
  }
  const deed: Record<HistoryPlan['deeds'][number]['what'], (next: Rule) => Promise<unknown>> = {
    async 'edit-trigger'(next) {
      if (next === rule) return
      const enabled = beganAt !== null
      end()
      rule = next
      if (enabled) begin()
      await schedules.put(name, { ...definition(), enabled } as DefinitionInput)
    },
    edit: () => schedules.patch(name, { note: `at ${fleet.clock.nowMs}` }),
    'edit-plainly': () => fleet.redis.hset(`{${fleet.prefix}}:schedule:${name}`, 'note', `at ${fleet.clock.nowMs}`),
    pause: () => schedules.pause(name, { note: 'for a while' }),
    'pause-until': () => schedules.pause(name, { until: new Date(fleet.clock.nowMs + 120_000) }),
    async resume() {
      if (beganAt !== null) await schedules.resume(name)
    },
    async disable() {
      if (beganAt === null) return
      end()
      await schedules.patch(name, { enabled: false })
    },
    async enable() {
      if (beganAt !== null) return
      begin()
      await schedules.patch(name, { enabled: true })
    },
    trigger: () => schedules.trigger(name),
    async cancel() {
      const [run] = (await schedules.runs()).filter(({ schedule }) => schedule === name)
      if (run) await schedules.cancel(run.runId)
    },
    'lose-lease': () => fleet.redis.del(`{${fleet.prefix}}:lease:${name}`),
    backfill: () => schedules.backfill(name, { from: START_MS - 7_200_000, to: START_MS - 7_170_000, concurrency: 2 }),
    async redeclare() {
      if (beganAt !== null) await schedules.put(name, definition() as DefinitionInput)
    },
  }
  return {
    deed,
    async begin() {
      begin()
      await schedules.put(name, definition() as DefinitionInput)
    },
    /** The end of a pause accounts for it; then it is switched off, and what still goes comes to its end. */
    async end() {
      if (beganAt === null) return
      await schedules.resume(name)
      await deed.disable(rule)
    },
    async findFaults(): Promise<string[]> {
      const history = await schedules.history(name, { limit: RECORDS })
      const done = plan.deeds.map(({ what }) => what)
      const { onCrash, overlap } = plan.definition.policy
      const starts = fleet.starts.filter(({ schedule }) => schedule === name)
      return [
        ...findFaults(history, stretches),
        ...findStartFaults(starts, history, {
          onCrash,
          mayOverlap: overlap === 'allow' || done.includes('lose-lease'),
        }),
      ]
    },
  }
}

/** An action at an instant, after a number of turns of the event loop in it; -1: when the fleet is idle. */
interface Happening {
  readonly atMs: number
  readonly turns: number
  readonly act: () => Promise<unknown>
}

async function live(redis: DrivenRedis, plan: WorldPlan): Promise<void> {
  await using fleet = createDrivenFleet(redis, { startMs: START_MS, seed: 1, leaseMs: LEASE_MS, concurrency: 20, work })
  const lives = plan.histories.map((history, index) => createLife(fleet, `h${index}`, history))
  const outages = plan.accidents.filter(({ what }) => what === 'outage').sort((one, other) => one.atMs - other.atMs)
  /** While the fleet is down for long, a minute of the plan is much of the outage. */
  const toInstant = (atMs: number): number => {
    let instant = START_MS + atMs
    for (const outage of outages) instant += outage.outageMs * Math.min(1, Math.max(0, (atMs - outage.atMs) / 60_000))
    return Math.round(instant)
  }
  /** A fleet that returned in the middle would have to run all of those hours, which takes hours here too. */
  const isDownForLong = (): boolean =>
    outages.some(({ atMs, outageMs }) => {
      const { nowMs } = fleet.clock
      return outageMs > LONG_OUTAGE_MS && nowMs >= toInstant(atMs) && nowMs < toInstant(atMs + 60_000)
    })
  const join = async (): Promise<void> => {
    if (fleet.alive.length < MOST_WORKERS && !isDownForLong()) await fleet.join()
  }
  const happenings: Happening[] = []
  for (const [index, history] of plan.histories.entries()) {
    for (const { atMs, what, rule } of history.deeds) {
      happenings.push({ atMs: toInstant(atMs), turns: atMs % 4, act: () => lives[index]!.deed[what](RULES[rule]!) })
    }
  }
  for (const { atMs, what, victim, turns, againMs } of plan.accidents) {
    const act = async (): Promise<void> => {
      const worker = fleet.alive[victim % Math.max(1, fleet.alive.length)]
      if (what === 'join') await join()
      else if (what === 'outage') for (const each of fleet.alive) fleet.kill(each)
      else if (worker !== undefined && what === 'kill') fleet.kill(worker)
      else if (worker !== undefined) fleet.leave(worker, againMs)
    }
    happenings.push({ atMs: toInstant(atMs), turns, act })
    const againAt = what === 'outage' ? toInstant(atMs + 60_000) : toInstant(atMs) + againMs
    happenings.push({ atMs: againAt, turns: -1, act: join })
  }
  happenings.sort((one, other) => one.atMs - other.atMs || one.turns - other.turns)

  await fleet.redis.hset(`{${fleet.prefix}}:meta`, 'history', RECORDS)
  for (let worker = 0; worker < plan.workers; worker++) await fleet.join()
  await Promise.all(lives.map((life) => life.begin()))
  for (const { atMs, turns, act } of happenings) {
    const at = Math.max(atMs, fleet.clock.nowMs)
    await (turns < 0 ? fleet.passTo(at) : fleet.passInto(at, turns))
    await withinRealTime(act(), 30_000, 'a deed')
  }
  await fleet.passTo(Math.max(fleet.clock.nowMs, toInstant(SPAN_MS)))
  await join()
  await fleet.passTo(fleet.clock.nowMs + 60_000)
  await Promise.all(lives.map((life) => life.end()))
  // A queue of slow runs that are tried again ends one at a time: that takes hours.
  for (let waits = 0; (await fleet.control.schedules.runs()).length > 0 && waits < 600; waits++) {
    await fleet.passTo(fleet.clock.nowMs + 60_000)
  }
  await oneTurn()
  const faults = (await fleet.control.schedules.runs()).map((run) => `never ends: ${JSON.stringify(run)}`)
  for (const [index, life] of lives.entries()) {
    const found = await life.findFaults()
    if (found.length > 0)
      faults.push(`h${index} ${JSON.stringify(plan.histories[index])}\n  ${found.slice(0, 6).join('\n  ')}`)
  }
  expect([...faults, ...fleet.errors]).toEqual([])
}

let redis: DrivenRedis | undefined
afterAll(() => redis?.[Symbol.asyncDispose]())

it(
  `every occurrence is accounted for exactly once in ${HISTORIES} random histories`,
  { timeout: 1_200_000 },
  async (ctx) => {
    const tool = await ensureTool('faketime')
    if (tool.kind === 'missing') return ctx.skip(tool.reason)
    try {
      redis = await startDrivenRedis(tool.path, START_MS)
    } catch (error) {
      return ctx.skip(`this Redis server cannot be given a clock: ${(error as Error).message}`)
    }
    const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
    console.log(`random histories, seed ${seed}: repeat with SEED=${seed}`)
    const begun = process.hrtime.bigint()
    let lived = 0
    const property = fc.asyncProperty(worlds, async (plan) => {
      if (process.env['HISTORIES'] === undefined && process.hrtime.bigint() - begun > MOST_NS) return
      await live(redis!, plan)
      lived += AT_ONCE
    })
    await fc.assert(property, { seed, numRuns: Math.ceil(HISTORIES / AT_ONCE), endOnFailure: true })
    if (lived < HISTORIES) console.log(`the time was over after ${lived} of ${HISTORIES} histories`)
  },
)
