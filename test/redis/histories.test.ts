import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DefinitionInput, Run } from '../../src/index.js'
import { createFleet, type PolicyFleet } from '../support/policy-fleet.js'
import { findFaults, type Stretch } from '../support/occurrence-model.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { spawnWorker, type WorkerProcess } from '../support/worker-process.js'

const HISTORIES = 200
const AT_ONCE = 50
/** How long people and accidents interfere with each history, ms. */
const SPAN_MS = 7_000
const FIXTURE = new URL('../support/fixtures/policy-worker.mjs', import.meta.url)

const redis = useRedis()

const definitions = fc.record({
  every: fc.constantFrom(200, 300, 500, 700),
  misfire: fc.constantFrom('skip', 'latest', 'all'),
  misfireGrace: fc.constantFrom(0, 300, 60_000),
  maxCatchUp: fc.constantFrom(1, 3, 100),
  overlap: fc.constantFrom('skip', 'queue', 'replace', 'allow'),
  onCrash: fc.constantFrom('skip', 'rerun'),
  maxDeliveries: fc.constantFrom(1, 3),
  retries: fc.constantFrom(0, 0, 2),
  backoff: fc.constant({ type: 'fixed', delay: 150 }),
  jitter: fc.constantFrom(0, 0, 80),
  timeout: fc.constantFrom(150, 60_000),
  payload: fc.record({ ms: fc.constantFrom(0, 5, 120, 900), failTenths: fc.constantFrom(0, 0, 3) }),
}) as fc.Arbitrary<DefinitionInput & { every: number }>

const deeds = fc.record({
  atMs: fc.integer({ min: 0, max: SPAN_MS }),
  what: fc.constantFrom(
    'edit-trigger',
    'edit',
    'pause',
    'resume',
    'disable',
    'enable',
    'trigger',
    'cancel',
    'lose-lease',
    'backfill',
    'redeclare',
  ),
  every: fc.constantFrom(200, 300, 500, 700),
})

const histories = fc.record({ definition: definitions, deeds: fc.array(deeds, { maxLength: 6 }) })
type HistoryPlan = typeof histories extends fc.Arbitrary<infer Plan> ? Plan : never

async function work({ payload, scheduledAt, attempt, signal }: Run): Promise<void> {
  const { ms, failTenths } = payload as { ms: number; failTenths: number }
  await new Promise<void>((resolve, reject) => {
    setTimeout(resolve, ms)
    signal.addEventListener('abort', () => reject(signal.reason as Error))
  })
  if (attempt === 1 && (scheduledAt.getTime() / 100) % 10 < failTenths) throw new Error('no luck')
}

/** One schedule that lives through its deeds; gives the stretches of time in which it had occurrences. */
async function live(fleet: PolicyFleet, name: string, plan: HistoryPlan): Promise<Stretch[]> {
  const { schedules } = fleet.control
  const stretches: Stretch[] = []
  let definition: DefinitionInput & { every: number } = { ...plan.definition, task: 'work' }
  let begun: readonly [number, number] | null = null
  const timed = async (write: () => Promise<unknown>): Promise<readonly [number, number]> => {
    const sent = Date.now()
    await write()
    return [sent, Date.now()]
  }
  const end = (to: readonly [number, number]): void => {
    if (begun) stretches.push({ periodMs: definition.every, from: begun, to })
    begun = null
  }
  begun = await timed(() => schedules.put(name, definition))
  const startedAt = Date.now()
  for (const { atMs, what, every } of [...plan.deeds].sort((left, right) => left.atMs - right.atMs)) {
    await new Promise((resolve) => setTimeout(resolve, startedAt + atMs - Date.now()))
    const [run] = what === 'cancel' ? (await schedules.runs()).filter(({ schedule }) => schedule === name) : []
    if (what === 'edit-trigger' && every !== definition.every) {
      const next = { ...definition, every }
      const enabled: boolean = begun !== null
      const written = await timed(() => schedules.put(name, { ...next, enabled }))
      end(written)
      definition = next
      begun = enabled ? written : null
    } else if (what === 'edit') await schedules.patch(name, { note: `at ${atMs}` })
    else if (what === 'pause') await schedules.pause(name, { note: 'for a while' })
    else if (what === 'resume' && begun) await schedules.resume(name)
    else if (what === 'disable' && begun) end(await timed(() => schedules.patch(name, { enabled: false })))
    else if (what === 'enable' && !begun) begun = await timed(() => schedules.patch(name, { enabled: true }))
    else if (what === 'trigger') await schedules.trigger(name)
    else if (what === 'cancel' && run) await schedules.cancel(run.runId)
    else if (what === 'lose-lease') await fleet.redis.del(fleet.key('lease', name))
    else if (what === 'backfill') {
      await schedules.backfill(name, { from: 1_700_000_000_000, to: 1_700_000_001_000, concurrency: 2 })
    } else if (what === 'redeclare' && begun) await schedules.put(name, definition)
  }
  await new Promise((resolve) => setTimeout(resolve, startedAt + SPAN_MS - Date.now()))
  // The end of a pause accounts for it; then it is switched off, and what still goes comes to its end.
  if (begun) {
    await schedules.resume(name)
    end(await timed(() => schedules.patch(name, { enabled: false })))
  }
  return stretches
}

async function liveTogether(plans: readonly HistoryPlan[]): Promise<void> {
  const fleet = createFleet(redis.url, {
    tasks: (beat) => beat.task('work', work),
    concurrency: 20,
    leaseMs: 700,
  })
  const spawn = (): Promise<WorkerProcess> =>
    spawnWorker({
      fixture: FIXTURE,
      settings: { redis: redis.url, prefix: fleet.prefix, leaseMs: 700, concurrency: 20 },
    })
  await fleet.start()
  let child = await spawn()
  let killing = true
  const kills = (async () => {
    while (killing) {
      await new Promise((resolve) => setTimeout(resolve, 2_000))
      await child.kill()
      if (killing) child = await spawn()
    }
  })()
  const lives = await Promise.all(plans.map((plan, index) => live(fleet, `h${index}`, plan)))
  killing = false
  await kills
  await waitFor(async () => (await fleet.control.schedules.runs()).length === 0, {
    what: 'every run to come to its end',
    timeoutMs: 30_000,
    intervalMs: 100,
  })
  const faults: string[] = []
  for (const [index, stretches] of lives.entries()) {
    const history = await fleet.control.schedules.history(`h${index}`)
    const found = findFaults(history, stretches)
    if (found.length > 0) faults.push(`${JSON.stringify(plans[index])}\n  ${found.slice(0, 5).join('\n  ')}`)
  }
  expect(faults).toEqual([])
  expect(fleet.told.filter(({ name }) => name === 'error')).toEqual([])
  await fleet.stop()
}

it(`accounts for every occurrence exactly once in ${HISTORIES} random histories`, { timeout: 300_000 }, async () => {
  const seed = Number(process.env['SEED'] ?? Date.now() % 2 ** 31)
  console.log(`random histories, seed ${seed}: repeat with SEED=${seed}`)
  const property = fc.asyncProperty(fc.array(histories, { minLength: AT_ONCE, maxLength: AT_ONCE }), liveTogether)
  await fc.assert(property, { seed, numRuns: HISTORIES / AT_ONCE, endOnFailure: true })
})
