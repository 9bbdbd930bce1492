import type { DefinitionInput } from '../../index.js'
import { setTimeout as sleep } from 'node:timers/promises'
import { Everybeat } from '../../index.js'
import { CliFailure } from '../failure.js'
import { plural } from '../format.js'
import { createCrew, type Crew } from './crew.js'
import { createObserver, type Observer } from './observer.js'
import { decideOwed, type Owed } from './owed.js'
import { EDITED, JITTERED, planSchedules, planTimeline, SLOW, type DemoSchedule, type Timeline } from './plan.js'
import type { Stage } from './stage.js'
import type { Story } from './story.js'
import { decideVerdict, type ScheduleRecord, type Verdict } from './verdict.js'

/** What a demo is to be like; the signal breaks it off. */
export interface DemoRequest {
  readonly seconds: number
  readonly workers: number
  readonly story: Story
  readonly signal: AbortSignal
}

/** Short, so that what a killed worker held is taken over while people watch. */
const LEASE_MS = 3000
/** How long the last runs may take to settle after the window. */
const SETTLE_MS = 15_000

interface Play {
  readonly beat: Everybeat
  readonly stage: Stage
  readonly crew: Crew
  readonly observer: Observer
  readonly story: Story
  readonly timeline: Timeline
  /** Aborts when the demo is broken off, or one of its workers ends by itself. */
  readonly signal: AbortSignal
}

/** Plays the whole demo on a stage and judges it; ends its workers whatever happens. */
export async function playDemo(stage: Stage, request: DemoRequest): Promise<Verdict> {
  const { story, seconds, workers } = request
  const noteOf = (schedule: string) => (schedule === JITTERED.name ? `jitter up to ${JITTERED.jitter}` : undefined)
  const observer = createObserver(story, noteOf)
  const failure = new AbortController()
  const signal = AbortSignal.any([request.signal, failure.signal])
  const beat = new Everybeat({ redis: stage.redis, prefix: stage.prefix, logger: false })
  const crew = createCrew({
    redis: stage.redis,
    prefix: stage.prefix,
    leaseMs: LEASE_MS,
    onMessage: (member, message) => observer.hear(member, message),
    onCrash: (member, output) => {
      failure.abort(new CliFailure('ERR_CLI_FAILED', `worker ${member.label} ended by itself: ${output}`))
    },
  })
  const play = { beat, stage, crew, observer, story, timeline: planTimeline(seconds), signal }
  try {
    return await raceAbort(direct(play, workers), signal)
  } finally {
    await crew.dismiss()
    await beat.stop()
  }
}

async function direct(play: Play, workers: number): Promise<Verdict> {
  const { stage, story, observer, timeline } = play
  story.says(`Redis: ${stage.isOwn ? 'a server started for this demo' : 'yours'}, keys under {${stage.prefix}}`)
  await Promise.all(Array.from({ length: workers }, () => play.crew.hire()))
  story.says(`${plural(workers, 'worker')} up, each in its own process; no leader, no beat process`)
  const { schedules, fromMs } = await declare(play)
  const startedAt = performance.now()
  story.begin(startedAt)
  const reach = (ms: number) =>
    sleep(Math.max(0, startedAt + ms - performance.now()), undefined, { signal: play.signal })

  await reach(timeline.killMs)
  await crash(play)
  await reach(timeline.editMs)
  const edit = await editLive(play)
  await reach(timeline.joinMs)
  const newcomer = await play.crew.hire()
  story.happens(`${newcomer.label} (pid ${newcomer.pid}) joins`)
  await reach(timeline.endMs)

  const toMs = await stage.now()
  story.says('time is up; waiting for the last runs')
  const owed = schedules.map((schedule) => decideOwed(schedule, { fromMs, toMs, ...edit }))
  const records = await collectRecords(play, owed)
  return decideVerdict({
    schedules: records,
    starts: observer.starts,
    killed: observer.killed,
    window: { fromMs, toMs },
  })
}

async function declare(play: Play): Promise<{ schedules: DemoSchedule[]; fromMs: number }> {
  const { beat, stage, story } = play
  await quietMoment(play)
  const schedules = planSchedules(await stage.now())
  for (const { name, definition } of schedules) await beat.schedules.put(name, definition as DefinitionInput)
  story.says(`${schedules.length} schedules: ${schedules.map(({ name }) => name).join(', ')}`)
  // What came up while they were written is of no account.
  return { schedules, fromMs: await stage.now() }
}

async function crash({ observer, story, signal }: Play): Promise<void> {
  const victim = await observer.whoIsBusyWith(SLOW, signal)
  await victim.kill()
  observer.noteKilled(victim)
  story.happens(`${victim.label} (pid ${victim.pid}) killed with SIGKILL in the middle of "${SLOW}"`)
}

async function editLive(play: Play): Promise<{ beforeEditMs: number; afterEditMs: number }> {
  const { stage, story } = play
  await quietMoment(play)
  const beforeEditMs = await stage.now()
  await stage.editBehindTheScenes(EDITED.name, EDITED.field, EDITED.after)
  const afterEditMs = await stage.now()
  story.happens(`redis-cli HSET {${stage.prefix}}:schedule:${EDITED.name} ${EDITED.field} ${EDITED.after}`)
  return { beforeEditMs, afterEditMs }
}

async function collectRecords({ beat, signal }: Play, owed: readonly Owed[]): Promise<ScheduleRecord[]> {
  const giveUpAt = performance.now() + SETTLE_MS
  for (;;) {
    const records: ScheduleRecord[] = []
    for (const each of owed) records.push({ ...each, history: await beat.schedules.history(each.name) })
    if (records.every(isSettled) || performance.now() > giveUpAt) return records
    await sleep(200, undefined, { signal })
  }
}

function isSettled({ due, history }: ScheduleRecord): boolean {
  const recorded = new Set(history.map((entry) => entry.scheduledAt.getTime()))
  return due.every((atMs) => recorded.has(atMs))
}

// The instants of the demo are whole and half seconds; what it does to the fleet happens well away from them, so that
// what was due before and after is not in doubt.
async function quietMoment({ stage, signal }: Play): Promise<void> {
  const intoHalfMs = (await stage.now()) % 500
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
