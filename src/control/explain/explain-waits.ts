import type { Definition } from '../../schedule/definition.js'
import { readRunText } from '../../schedule/stored-run.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import { formatDuration } from '../../time/duration.js'
import type { WorkerView } from '../fleet.js'
import type { Situation } from '../store.js'
import type { ScheduleView } from '../schedule-view.js'

/** One thing that keeps a schedule from running, or that is worth to know of it. */
export interface ExplanationReason {
  /**
   * `missing`, `invalid`, `paused`, `disabled`, `finished`, `running`, `unplanned`, `no-fleet`, `pool-empty`, `no-worker`,
   * `workers-full`, `task-full`, `lease-held`, `late`, `retry`, `rerun`, `queued`, `replace`, `asked`, `backfill`,
   * `catch-up`, `failing`, `clock`, `edited`.
   */
  code: string
  /** In plain words. */
  message: string
}

/** Reasons, and what would help. */
export interface Waits {
  reasons: ExplanationReason[]
  advice: string[]
}

interface Question {
  readonly schedule: StoredSchedule
  readonly definition: Definition | null
  readonly view: ScheduleView
  readonly situation: Situation
  readonly workers: readonly WorkerView[]
  readonly nowMs: number
}

/** A clock that is off by more than this is worth a word, ms. */
const SKEW_MS = 1_000
/** A worker that has not beaten for so long may be dead, ms: one heartbeat and a half. */
const SILENT_MS = 7_500
/** A schedule that is due for so long is late, ms. */
const LATE_MS = 1_000

/** What a schedule waits for: workers that can run it, room for it, the end of a run. */
export function explainWaits(question: Question): Waits {
  const { definition, view } = question
  const runs = runsOf(question)
  if (!definition) return runs
  const all = [runs, explainFleet(question, definition), explainLateness(question)]
  if (view.state !== 'active') all.splice(1)
  return { reasons: all.flatMap(({ reasons }) => reasons), advice: all.flatMap(({ advice }) => advice) }
}

/** Runs of it that go, or wait to be delivered. */
function runsOf(question: Question): Waits {
  const { schedule, situation, nowMs } = question
  const reasons: ExplanationReason[] = []
  for (const [field, text] of Object.entries(schedule.state)) {
    if (!field.startsWith('run:')) continue
    const run = readRunText(text)
    if (!run) continue
    const which = `run ${field.slice(4)}`
    if (run.worker !== undefined) {
      const since = formatDuration(Math.max(0, Math.round(nowMs - Number(run.claimedAtMs))))
      const silence = describeSilence(question, run.worker)
      const lease =
        situation.lease?.worker === run.worker && !run.hasRunLease ? describeLease(situation.lease.leftMs, silence) : ''
      reasons.push({
        code: 'running',
        message: `${which} goes on worker ${run.worker} since ${since}${silence}${lease}`,
      })
    } else
      reasons.push({
        code: run.waitsFor ?? 'waiting',
        message: `${which} ${WAITS[run.waitsFor ?? ''] ?? 'waits to be delivered'}`,
      })
  }
  const isHeldByOther = situation.lease !== null && !reasons.some(({ code }) => code === 'running')
  if (isHeldByOther) {
    const { worker, leftMs } = situation.lease
    reasons.push({ code: 'lease-held', message: `its lease is held by ${worker} for another ${leftMs} ms` })
  }
  if (situation.backfillsWaiting > 0) {
    reasons.push({
      code: 'backfill',
      message: `${situation.backfillsWaiting === 1 ? '1 backfilled occurrence waits' : `${situation.backfillsWaiting} backfilled occurrences wait`} behind those`,
    })
  }
  return { reasons, advice: [] }
}

/** That the worker of a run may be dead, and since when; empty while it beats. */
function describeSilence({ workers }: Question, worker: string): string {
  const found = workers.find(({ id }) => id === worker)
  if (!found) return ', which has not been heard of for more than 15 s'
  return found.silentMs > SILENT_MS ? `, which has not been heard of for ${formatDuration(found.silentMs)}` : ''
}

function describeLease(leftMs: number, silence: string): string {
  return silence === ''
    ? `, its lease ends in ${leftMs} ms unless it is extended`
    : `; its lease ends in ${leftMs} ms, and then the schedule goes on`
}

const WAITS: Readonly<Record<string, string>> = {
  retry: 'failed and waits for its next attempt',
  rerun: 'lost its worker and waits to be run again',
  queued: 'waits for the previous run to end (`overlap` is `queue`)',
  replace: 'waits for the previous run to stop (`overlap` is `replace`)',
  asked: 'is a manual run and waits for a worker',
  backfill: 'is backfilled and waits for a worker',
}

function explainFleet({ workers, situation }: Question, definition: Definition): Waits {
  const { task, pool } = definition
  const reasons: ExplanationReason[] = []
  const advice: string[] = []
  const inPool = workers.filter((worker) => worker.pool === pool)
  const able = inPool.filter(({ tasks }) => tasks.includes(task))
  if (workers.length === 0) {
    reasons.push({ code: 'no-fleet', message: 'no live worker is under this prefix' })
    advice.push('start a worker with this prefix')
  } else if (inPool.length === 0) {
    const pools = [...new Set(workers.map((worker) => worker.pool))].join(', ')
    reasons.push({
      code: 'pool-empty',
      message: `no live worker is in its pool ${pool}; there are workers in ${pools}`,
    })
    advice.push(`start a worker with \`pool: ${JSON.stringify(pool)}\`, or change the pool of the schedule`)
  } else if (able.length === 0) {
    reasons.push({
      code: 'no-worker',
      message: `none of the ${inPool.length} live workers in pool ${pool} has registered the task ${task}`,
    })
    advice.push(`deploy a worker that registers the task ${JSON.stringify(task)}, or correct \`task\``)
  } else if (able.every(({ running, concurrency }) => running >= concurrency)) {
    reasons.push({ code: 'workers-full', message: `all ${able.length} workers that can run it have no free slot` })
    advice.push('start more workers, or raise their `concurrency`')
  } else if (situation.isAside) {
    reasons.push({
      code: 'task-full',
      message:
        situation.busyCount > 0
          ? `it is due and waits for room: ${situation.busyCount} runs of the task ${task} are running, as many as its limits allow`
          : `it is due and waits for room: every worker that can run it runs as many of the task ${task} as it may`,
    })
    advice.push(`raise \`maxConcurrent\` or \`concurrency\` of the task ${task}, or start more workers`)
  }
  for (const { id, host, skewMs } of workers.filter((worker) => Math.abs(worker.skewMs) > SKEW_MS)) {
    const off = `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`
    reasons.push({
      code: 'clock',
      message: `the clock of worker ${id} on ${host} is ${off}; instants go by Redis's clock, so nothing fires early or late for it`,
    })
  }
  return { reasons, advice }
}

function explainLateness({ schedule, view, situation, nowMs }: Question): Waits {
  const reasons: ExplanationReason[] = []
  const advice: string[] = []
  if (schedule.digest !== schedule.state.digest) {
    reasons.push({
      code: 'unplanned',
      message: 'its definition was edited a moment ago, and no worker has planned it yet',
    })
  }
  if (schedule.state.blocked !== undefined) {
    reasons.push({
      code: 'lease-held',
      message: 'its next occurrence is due and waits for the previous run to end',
    })
  } else if (
    situation.dueMs !== null &&
    nowMs - situation.dueMs > LATE_MS &&
    view.next !== null &&
    !situation.isAside
  ) {
    reasons.push({
      code: 'late',
      message: `it has been due for ${formatDuration(nowMs - view.next.getTime())}, and no worker has taken it`,
    })
    advice.push('check that a worker with its task ticks (`health()`), and that Redis answers')
  }
  return { reasons, advice }
}
