import { describe, expect, it } from 'vitest'
import type { DefinitionInput, DefinitionShape, EverybeatOptions, Run } from '../../src/index.js'
import { createFleet, createGate, untilAborted, type Gate } from '../support/policy-fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()

/** A fleet of two whose runs each wait at a gate of their own, in the order they start. */
async function gated(
  definition: DefinitionShape,
  options: EverybeatOptions & { handler?: (run: Run, gate: Gate) => unknown } = {},
) {
  const { handler = untilAborted, ...rest } = options
  const ran: { run: Run; gate: Gate; by: number; startedAt: number; endedAt?: number }[] = []
  const fleet = createFleet(redis.url, {
    ...rest,
    tasks: (beat, by) =>
      beat.task('job', async (run) => {
        const entry: (typeof ran)[number] = { run, gate: createGate(), by, startedAt: performance.now() }
        ran.push(entry)
        try {
          return await handler(run, entry.gate)
        } finally {
          entry.endedAt = performance.now()
        }
      }),
  })
  // The fleet starts first: an occurrence whose instant passes before a late first claim is no overlap, and waits.
  await fleet.start()
  await fleet.control.schedules.put('long', { task: 'job', every: 200, ...definition } as DefinitionInput)
  const started = await fleet.next('run:started')
  return { fleet, ran, first: started.scheduledAt }
}

describe('overlap: skip', () => {
  it('overlap: skip skips occurrences that become due during the run, on any worker, and starts the first occurrence after the run', async () => {
    const { fleet, ran, first } = await gated({ overlap: 'skip' })
    await fleet.next('run:skipped', ({ scheduledAt }) => scheduledAt >= first + 600)
    expect(ran).toHaveLength(1)
    ran[0]!.gate.open()
    const second = await fleet.next('run:started', ({ scheduledAt }) => scheduledAt > first)
    const history = await fleet.control.schedules.history('long', { limit: 100 })
    const skipped = history.filter(({ outcome }) => outcome === 'skipped')
    expect(skipped.length).toBeGreaterThanOrEqual(3)
    // The occurrence just before the second run was skipped, so the second run is the first one that could start.
    expect(skipped.map(({ scheduledAt }) => scheduledAt.getTime())).toContain(second.scheduledAt - 200)
    expect(new Set(skipped.map(({ reason }) => reason))).toEqual(new Set(['overlap']))
    const ended = history.filter(({ outcome }) => outcome !== 'skipped')
    expect(ended.at(-1)).toMatchObject({ outcome: 'ok', scheduledAt: new Date(first) })
  })

  it('overlap: skip never has two runs of one schedule at once, and runs two schedules at the same time', async () => {
    const going = new Map<string, number>()
    let most = 0
    let sideBySide = false
    const fleet = createFleet(redis.url, {
      tasks: (beat) =>
        beat.task('job', async ({ schedule, signal }) => {
          going.set(schedule, (going.get(schedule) ?? 0) + 1)
          most = Math.max(most, ...going.values())
          sideBySide ||= (going.get('a') ?? 0) > 0 && (going.get('b') ?? 0) > 0
          await untilAborted({ signal }, { opened: new Promise((resolve) => setTimeout(resolve, 150)), open() {} })
          going.set(schedule, going.get(schedule)! - 1)
        }),
    })
    for (const name of ['a', 'b']) await fleet.control.schedules.put(name, { task: 'job', every: 100 })
    await fleet.start()
    await fleet.history('a', 15)
    expect(most).toBe(1)
    expect(sideBySide).toBe(true)
  })

  it('overlap: skip makes no backlog when the first of many runs began late', async () => {
    const fleet = createFleet(redis.url, {
      tasks: (beat) => beat.task('job', () => new Promise((resolve) => setTimeout(resolve, 500))),
    })
    // A grace of its own: by default what waits for longer than a second is missed, and one run makes up for all of it.
    await fleet.control.schedules.put('long', { task: 'job', every: 200, misfireGrace: '1m' })
    const newest = Math.floor(Date.now() / 200) * 200
    await fleet.makeOverdue('long', newest - 400)
    await fleet.start()
    const first = await fleet.next('run:started')
    // By the clock of Redis, which decides what is overlapped: a worker only estimates it.
    const began = await waitFor(
      async () => (await fleet.history('long', 1)).find(({ runId }) => runId === first.runId)?.startedAt?.getTime(),
      { what: 'the end of the first run' },
    )
    // Three or, on a busy machine, more occurrences were due before the first run began: these start one after the other.
    // Occurrences that became due during these runs, of half a second each, are skipped by overlap.
    const next = await fleet.next('run:started', ({ scheduledAt }) => scheduledAt > began)
    expect(next.scheduledAt - began).toBeGreaterThan(1_000)
    const history = await fleet.history('long', 4)
    const overlapped = history.filter(({ reason }) => reason === 'overlap')
    expect(overlapped.length).toBeGreaterThanOrEqual(4)
    for (const { scheduledAt } of overlapped) expect(scheduledAt.getTime()).toBeGreaterThanOrEqual(began)
  })

  it('under overlap: skip neither an occurrence nor a manual run waits for the other', async () => {
    const { fleet, ran, first } = await gated({ overlap: 'skip' })
    const asked = await fleet.control.schedules.trigger('long')
    const manual = await fleet.next('run:started', ({ manual }) => manual)
    expect(asked).toEqual({ outcome: 'triggered', runId: manual.runId })
    ran.find(({ run }) => !run.manual)!.gate.open()
    await fleet.next('run:started', ({ scheduledAt, manual }) => !manual && scheduledAt > first)
  })
})

describe('overlap: queue', () => {
  it('overlap: queue lets one occurrence wait, skips the others, and starts the waiting occurrence when the run settles', async () => {
    const { fleet, ran, first } = await gated({ overlap: 'queue' })
    await fleet.next('run:skipped', ({ scheduledAt, reason }) => reason === 'overlap' && scheduledAt >= first + 600)
    const [waiting] = await fleet.control.schedules.runs({ state: 'waiting' })
    expect(waiting).toMatchObject({ reason: 'queued', scheduledAt: new Date(first + 200) })
    ran[0]!.gate.open()
    await fleet.next('run:started', ({ scheduledAt }) => scheduledAt === first + 200)
    expect(ran[1]!.startedAt).toBeGreaterThanOrEqual(ran[0]!.endedAt!)
    expect(ran[1]!.run.fence).toBeGreaterThan(ran[0]!.run.fence)
    const skipped = (await fleet.history('long', 3)).filter(({ outcome }) => outcome === 'skipped')
    expect(skipped[0]).toMatchObject({ scheduledAt: new Date(first + 400), reason: 'overlap' })
  })

  it('overlap: queue gives the waiting occurrence to another worker when the first worker has no free slot', async () => {
    const { fleet, ran, first } = await gated({ overlap: 'queue' }, { concurrency: 1 })
    await fleet.next('run:skipped', ({ scheduledAt }) => scheduledAt >= first + 400)
    ran[0]!.gate.open()
    await fleet.next('run:started', ({ scheduledAt }) => scheduledAt === first + 200)
  })
})

describe('overlap: replace', () => {
  it('overlap: replace aborts the run on another worker, and starts the newer occurrence when that run has settled', async () => {
    // One slot each: the newer occurrence is claimed by the worker that does not run the older one.
    const { fleet, ran, first } = await gated(
      { overlap: 'replace', every: 500 },
      { concurrency: 1, handler: untilAborted },
    )
    await fleet.next('run:started', ({ scheduledAt }) => scheduledAt === first + 500)
    expect(ran[0]!.run.signal.reason).toMatchObject({ code: 'ERR_EVERYBEAT_REPLACED' })
    expect(ran[1]!.startedAt).toBeGreaterThanOrEqual(ran[0]!.endedAt!)
    const [entry] = await fleet.history('long', 1)
    expect(entry).toMatchObject({ outcome: 'cancelled', reason: 'replaced', scheduledAt: new Date(first) })
  })

  it('overlap: replace abandons a run that ignores its signal after two seconds, and the newest waiting occurrence starts', async () => {
    let ignoring = true
    const { fleet, ran, first } = await gated(
      { overlap: 'replace', every: 700 },
      {
        handler: (_run, gate) => {
          if (ignoring) return ((ignoring = false), gate.opened)
          return undefined
        },
      },
    )
    const next = await fleet.next('run:started', ({ scheduledAt }) => scheduledAt > first)
    const abortedAfterMs = ran[1]!.startedAt - ran[0]!.startedAt
    expect(abortedAfterMs).toBeGreaterThan(2_000)
    const history = await fleet.history('long', 3)
    expect(history.find(({ scheduledAt }) => scheduledAt.getTime() === first)).toMatchObject({
      outcome: 'cancelled',
      reason: 'replaced',
    })
    const between = history.filter(({ scheduledAt: at }) => at.getTime() > first && at.getTime() < next.scheduledAt)
    expect(between.length).toBe((next.scheduledAt - first) / 700 - 1)
    expect(between.every(({ outcome, reason }) => outcome === 'skipped' && reason === 'replaced')).toBe(true)
    ran[0]!.gate.open()
  })
})

describe('overlap: allow', () => {
  it('overlap: allow runs occurrences at the same time, each with a lease of its own', async () => {
    const { fleet, ran } = await gated({ overlap: 'allow' })
    await expect.poll(() => ran.length).toBeGreaterThanOrEqual(4)
    expect(ran.every(({ endedAt }) => endedAt === undefined)).toBe(true)
    expect(await fleet.redis.keys(fleet.key('run-lease', '*'))).toHaveLength(ran.length)
    for (const { gate } of ran) gate.open()
    const history = await fleet.history('long', ran.length)
    expect(new Set(history.map(({ fence }) => fence)).size).toBe(history.length)
  })

  it('overlap: allow has at most maxConcurrent runs in the fleet, and skips the other occurrences', async () => {
    const { fleet, ran, first } = await gated({ overlap: 'allow', maxConcurrent: 2 }, { concurrency: 1 })
    await fleet.next('run:started', ({ scheduledAt }) => scheduledAt > first)
    const both = ran.length
    ran[0]!.gate.open()
    await fleet.next('run:succeeded')
    expect(both).toBe(2)
    const { fleet: wide, ran: wideRan } = await gated({ overlap: 'allow', maxConcurrent: 2 })
    await wide.next('run:skipped', ({ reason }) => reason === 'max-concurrent')
    expect(wideRan).toHaveLength(2)
    for (const { gate } of wideRan) gate.open()
    await expect.poll(() => wideRan.length).toBeGreaterThan(2)
  })
})
