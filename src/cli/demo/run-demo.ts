import type { DefinitionInput } from '../../index.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { Everybeat } from '../../index.js'
import { CliFailure } from '../failure.js'
import { plural } from '../format.js'
import { createWorkers, type DemoWorkers } from './workers.js'
import { createRecord, type DemoRecord } from './record.js'
import { decideExpected, type Expected } from './expected.js'
import { EDITED, JITTERED, planSchedules, planTimeline, SLOW, type DemoSchedule, type Timeline } from './plan.js'
import type { DemoEnvironment } from './environment.js'
import type { DemoOutput } from './output.js'
import { decideVerdict, type ScheduleRecord, type Verdict } from './verdict.js'

/** Options of a demo; the signal interrupts it. */
export interface DemoRequest {
  readonly seconds: number
  readonly workers: number
  readonly output: DemoOutput
  readonly signal: AbortSignal
}

/** Length of a lease, ms: short, so that people see how another worker takes over the run of the killed one. */
const LEASE_MS = 3000
/** Longest time for the last runs to settle after the window, ms. */
const SETTLE_MS = 15_000

interface DemoRun {
  readonly beat: Everybeat
  readonly environment: DemoEnvironment
  readonly workerProcesses: DemoWorkers
  readonly record: DemoRecord
  readonly output: DemoOutput
  readonly timeline: Timeline
  /** Aborts when the demo is interrupted, or one of its workers ends by itself. */
  readonly signal: AbortSignal
}

/** Runs the whole demo in its environment and gives its verdict; always ends its workers. */
export async function runDemo(environment: DemoEnvironment, request: DemoRequest): Promise<Verdict> {
  const { output, seconds, workers } = request
  const noteOf = (schedule: string) => (schedule === JITTERED.name ? `jitter up to ${JITTERED.jitter}` : undefined)
  const record = createRecord(output, noteOf)
  const failure = new AbortController()
  const signal = AbortSignal.any([request.signal, failure.signal])
  const beat = new Everybeat({ redis: environment.redis, prefix: environment.prefix, logger: false })
  const workerProcesses = createWorkers({
    redis: environment.redis,
    prefix: environment.prefix,
    leaseMs: LEASE_MS,
    onMessage: (member, message) => record.add(member, message),
    onCrash: (member, output) => {
      failure.abort(new CliFailure('ERR_CLI_FAILED', `worker ${member.label} ended by itself: ${output}`))
    },
  })
  const demo = { beat, environment, workerProcesses, record, output, timeline: planTimeline(seconds), signal }
  try {
    return await raceAbort(perform(demo, workers), signal)
  } finally {
    await workerProcesses.stopAll()
    await beat.stop()
  }
}

async function perform(demo: DemoRun, workers: number): Promise<Verdict> {
  const { environment, output, record, timeline } = demo
  output.showLine(
    `Redis: ${environment.isOwn ? 'a server started for this demo' : 'yours'}, keys under {${environment.prefix}}`,
  )
  await Promise.all(Array.from({ length: workers }, () => demo.workerProcesses.startOne()))
  output.showLine(`${plural(workers, 'worker')} up, each in its own process; no leader, no beat process`)
  const { schedules, fromMs } = await declare(demo)
  const startedAt = performance.now()
  output.begin(startedAt)
  const reach = (ms: number) =>
    sleep(Math.max(0, startedAt + ms - performance.now()), undefined, { signal: demo.signal })

  await reach(timeline.killMs)
  await crash(demo)
  await reach(timeline.editMs)
  const edit = await editLive(demo)
  await reach(timeline.joinMs)
  const newcomer = await demo.workerProcesses.startOne()
  output.showAction(`${newcomer.label} (pid ${newcomer.pid}) joins`)
  await reach(timeline.endMs)

  const toMs = await environment.now()
  output.showLine('time is up; waiting for the last runs')
  const expected = schedules.map((schedule) => decideExpected(schedule, { fromMs, toMs, ...edit }))
  const records = await collectRecords(demo, expected)
  return decideVerdict({
    schedules: records,
    starts: record.starts,
    killed: record.killed,
    window: { fromMs, toMs },
  })
}

async function declare(demo: DemoRun): Promise<{ schedules: DemoSchedule[]; fromMs: number }> {
  const { beat, environment, output } = demo
  await quietMoment(demo)
  const schedules = planSchedules(await environment.now())
  for (const { name, definition } of schedules) await beat.schedules.put(name, definition as DefinitionInput)
  output.showLine(`${schedules.length} schedules: ${schedules.map(({ name }) => name).join(', ')}`)
  // The window begins after all schedules are written, so that occurrences before do not count.
  return { schedules, fromMs: await environment.now() }
}

async function crash({ record, output, signal }: DemoRun): Promise<void> {
  const victim = await record.waitForRunOf(SLOW, signal)
  await victim.kill()
  record.noteKilled(victim)
  output.showAction(`${victim.label} (pid ${victim.pid}) killed with SIGKILL in the middle of "${SLOW}"`)
}

async function editLive(demo: DemoRun): Promise<{ beforeEditMs: number; afterEditMs: number }> {
  const { environment, output } = demo
  await quietMoment(demo)
  const beforeEditMs = await environment.now()
  await environment.writeField(EDITED.name, EDITED.field, EDITED.after)
  const afterEditMs = await environment.now()
  output.showAction(`redis-cli HSET {${environment.prefix}}:schedule:${EDITED.name} ${EDITED.field} ${EDITED.after}`)
  return { beforeEditMs, afterEditMs }
}

async function collectRecords({ beat, signal }: DemoRun, expected: readonly Expected[]): Promise<ScheduleRecord[]> {
  const giveUpAt = performance.now() + SETTLE_MS
  for (;;) {
    const records: ScheduleRecord[] = []
    for (const each of expected) records.push({ ...each, history: await beat.schedules.history(each.name) })
    if (records.every(isSettled) || performance.now() > giveUpAt) return records
    await sleep(200, undefined, { signal })
  }
}

function isSettled({ due, history }: ScheduleRecord): boolean {
  const recorded = new Set(history.map((entry) => entry.scheduledAt.getTime()))
  return due.every((atMs) => recorded.has(atMs))
}

// Waits for a moment away from whole and half seconds, at which the occurrences of the demo are, so that it is certain
// which occurrences were due before and after an action.
async function quietMoment({ environment, signal }: DemoRun): Promise<void> {
  const intoHalfMs = (await environment.now()) % 500
  const isQuiet = intoHalfMs >= QUIET_FROM_MS && intoHalfMs <= QUIET_TO_MS
  if (!isQuiet) await sleep((QUIET_FROM_MS - intoHalfMs + 500) % 500, undefined, { signal })
}

const QUIET_FROM_MS = 200
const QUIET_TO_MS = 350

async function raceAbort<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted()
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
