import type { Redis } from 'ioredis'
import type { DefinitionInput, DefinitionShape, Everybeat } from '../../../src/index.js'
import type { Random } from '../harness/random.js'

type Named = DefinitionShape & { name: string }

/** Schedules that live only for a while: one goes for each that comes, and the others are edited all the time. */
export interface Churn {
  /** Changes made so far. */
  readonly changes: number
  /** Makes one change. */
  step(): Promise<void>
}

/** Schedules that are alive at a time. */
const POPULATION = 40

/** The schedules that stay, with about this number of occurrences a second in all. */
export function steadySchedules(perSecond: number): Named[] {
  const kinds: { share: number; perSecond: number; definition: DefinitionShape }[] = [
    { share: 0.72, perSecond: 10, definition: { every: 100, task: 'quick' } },
    { share: 0.1, perSecond: 10, definition: { every: 100, task: 'quick', overlap: 'allow', onCrash: 'rerun' } },
    { share: 0.06, perSecond: 4, definition: { every: 250, task: 'slow', payload: { ms: 40 }, onCrash: 'rerun' } },
    { share: 0.03, perSecond: 2, definition: { every: 500, task: 'slow', payload: { ms: 700 }, overlap: 'queue' } },
    { share: 0.02, perSecond: 2, definition: { every: 500, task: 'limited', payload: { ms: 50 } } },
    { share: 0.02, perSecond: 2, definition: { every: 500, task: 'failing' } },
    { share: 0.05, perSecond: 1, definition: { cron: '* * * * * *', tz: 'Europe/Berlin', task: 'quick' } },
  ]
  return kinds.flatMap(({ share, perSecond: each, definition }, kind) =>
    Array.from({ length: Math.max(1, Math.round((perSecond * share) / each)) }, (_, index) => ({
      name: `steady-${kind}-${index}`,
      ...definition,
    })),
  )
}

/** Creates the churn; its first steps fill its population. */
export function createChurn(control: Everybeat, redis: Redis, prefix: string, random: Random): Churn {
  const { schedules } = control
  const alive: string[] = []
  let born = 0
  let changes = 0

  const trigger = (): DefinitionShape =>
    random.pick<DefinitionShape>([
      { every: random.pick([100, 300, 700]) },
      { cron: '* * * * * *', tz: random.pick(['UTC', 'America/New_York']) },
    ])
  const policies = (): DefinitionShape => ({
    task: random.pick(['quick', 'slow', 'limited', 'failing', 'nobody-has-it']),
    payload: { ms: random.between(1, 400), seed: random.next() },
    overlap: random.pick(['skip', 'queue', 'replace', 'allow']),
    onCrash: random.pick(['skip', 'rerun']),
  })

  async function bear(): Promise<void> {
    // No name is used twice, so every key that is kept by name and never deleted shows.
    const name = `churn-${born}`
    born += 1
    await schedules.put(name, { ...trigger(), ...policies() } as DefinitionInput)
    alive.push(name)
    if (random.between(1, 4) === 1) {
      const once = { at: new Date(Date.now() + 200), removeAfter: '100ms', task: 'quick' }
      await schedules.put(`once-${born}`, once)
    }
  }

  async function bury(): Promise<void> {
    const name = alive.shift()!
    if (random.between(1, 3) === 1) await redis.del(`{${prefix}}:schedule:${name}`)
    else await schedules.remove(name)
  }

  async function edit(name: string): Promise<void> {
    const key = `{${prefix}}:schedule:${name}`
    const edits: (() => Promise<unknown>)[] = [
      () => schedules.put(name, { ...trigger(), ...policies() } as DefinitionInput),
      () => redis.hset(key, 'payload', JSON.stringify({ ms: random.between(1, 50) })),
      () =>
        redis
          .hset(key, 'every', 'nonsense')
          .then(() => schedules.put(name, { ...trigger(), ...policies() } as DefinitionInput)),
      () => schedules.trigger(name, { payload: { ms: 5 } }),
      () => schedules.pause(name).then(() => schedules.resume(name)),
      () => schedules.backfill(name, { from: new Date(Date.now() - 5_000), to: new Date(), maxPerSecond: 20 }),
      async () => {
        const [run] = await schedules.runs()
        if (run) await schedules.cancel(run.runId)
      },
    ]
    await random.pick(edits)()
  }

  return {
    get changes() {
      return changes
    },
    async step() {
      changes += 1
      if (alive.length < POPULATION) return await bear()
      if (random.between(1, 3) > 1) return await edit(random.pick(alive))
      await bury()
      await bear()
    },
  }
}
