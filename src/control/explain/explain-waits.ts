import type { Definition } from '../../schedule/definition.js'
import { readRunText } from '../../schedule/stored-run.js'
import type { StoredSchedule } from '../../schedule/stored-schedule.js'
import { formatDuration } from '../../time/duration.js'
import type { WorkerView } from '../fleet.js'
import type { Situation } from '../store.js'
import type { ScheduleView } from '../schedule-view.js'

/** One fact that keeps a schedule from running, or that its operators should know. */
export interface ExplanationReason {
  /**
   * `missing`, `invalid`, `paused`, `disabled`, `finished`, `running`, `unplanned`, `no-fleet`, `pool-empty`, `no-worker`,
   * `workers-full`, `task-full`, `lease-held`, `late`, `retry`, `rerun`, `queued`, `replace`, `asked`, `backfill`,
   * `catch-up`, `failing`, `clock`, `edited`.
   */
  code: string
  /** The fact as a sentence, without a full stop. */
  message: string
}

/** Reasons, and advice to remove them. */
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

/** Difference from Redis's clock that is reported, ms. */
const SKEW_MS = 1_000
/** Time without a heartbeat after which a worker may be dead, ms: one and a half heartbeat intervals. */
const SILENT_MS = 7_500
/** Time after which a due schedule is late, ms. */
const LATE_MS = 1_000

/** The waits of a schedule: for a worker that can run it, for a free slot, for the end of a run. */
export function explainWaits(question: Question): Waits {
  const { definition, view } = question
  const runs = runsOf(question)
  if (!definition) return runs
  const all = [runs, explainFleet(question, definition), explainLateness(question)]
  if (view.state !== 'active') all.splice(1)
  return { reasons: all.flatMap(({ reasons }) => reasons), advice: all.flatMap(({ advice }) => advice) }
}

/** Its runs that are running or wait for delivery. */
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
        message: `${which} is running on worker ${run.worker} since ${since}${silence}${lease}`,
      })
    } else
      reasons.push({
        code: run.waitsFor ?? 'waiting',
        message: `${which} ${WAITS[run.waitsFor ?? ''] ?? 'waits for delivery'}`,
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
      message: `${situation.backfillsWaiting === 1 ? '1 backfilled occurrence waits' : `${situation.backfillsWaiting} backfilled occurrences wait`} behind these runs`,
    })
  }
  return { reasons, advice: [] }
}

/** Says since when a run's worker has sent no heartbeat; empty while it sends heartbeats. */
function describeSilence({ workers }: Question, worker: string): string {
  const found = workers.find(({ id }) => id === worker)
  if (!found) return ', which has sent no heartbeat for more than 15 s'
  return found.silentMs > SILENT_MS ? `, which has sent no heartbeat for ${formatDuration(found.silentMs)}` : ''
}

function describeLease(leftMs: number, silence: string): string {
  return silence === ''
    ? `, its lease ends in ${leftMs} ms unless it is extended`
    : `; its lease ends in ${leftMs} ms, and then other runs of the schedule can start`
}

const WAITS: Readonly<Record<string, string>> = {
  retry: 'failed and waits for its next attempt',
  rerun: 'lost its worker and waits for its rerun',
  queued: 'waits for the previous run to end (`overlap` is `queue`)',
  replace: 'waits for the previous run to stop (`overlap` is `replace`)',
  asked: 'is a manual run and waits for a worker',
  backfill: 'is a backfilled run and waits for a worker',
}

function explainFleet({ workers, situation }: Question, definition: Definition): Waits {
  const { task, pool } = definition
  const reasons: ExplanationReason[] = []
  const advice: string[] = []
  const inPool = workers.filter((worker) => worker.pool === pool)
  const able = inPool.filter(({ tasks }) => tasks.includes(task))
  if (workers.length === 0) {
    reasons.push({ code: 'no-fleet', message: 'no worker is live under this prefix' })
    advice.push('start a worker with this prefix')
  } else if (inPool.length === 0) {
    const pools = [...new Set(workers.map((worker) => worker.pool))].join(', ')
    reasons.push({
      code: 'pool-empty',
      message: `no worker is live in its pool ${pool}; workers are live in ${pools}`,
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
          ? `it waits for a free slot: ${situation.busyCount} runs of the task ${task} are running, as many as its limits allow`
          : `it waits for a free slot: every worker that can run it has as many runs of the task ${task} as its limits allow`,
    })
    advice.push(`raise \`maxConcurrent\` or \`concurrency\` of the task ${task}, or start more workers`)
  }
  for (const { id, host, skewMs } of workers.filter((worker) => Math.abs(worker.skewMs) > SKEW_MS)) {
    const off = `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}`
    reasons.push({
      code: 'clock',
      message: `the clock of worker ${id} on ${host} is ${off}; schedules follow Redis's clock, so nothing fires early or late`,
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
      message: `it has been due for ${formatDuration(nowMs - view.next.getTime())}, and no worker has claimed it`,
    })
    advice.push('check that a worker with its task is healthy (`health()`), and that Redis answers')
  }
  return { reasons, advice }
}
