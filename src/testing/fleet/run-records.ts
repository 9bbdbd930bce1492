import type { Everybeat, Run } from '../../index.js'

/** One start of a run: an attempt of an occurrence on a worker. */
export interface RunRecord {
  /** Name of the schedule; a generated name for a run of `handle.run()`. */
  readonly schedule: string
  /** Name of the task. */
  readonly task: string
  /** Id of the run: the same across its attempts and deliveries. */
  readonly runId: string
  /** The nominal instant of the occurrence. */
  readonly scheduledAt: Date
  /** When the handler was called, by the clock of the fleet. */
  readonly startedAt: Date
  /** When it ended; null while it is running. */
  endedAt: Date | null
  /** The id of the worker that ran it. */
  readonly worker: string
  /** Number of the execution after failures, from 1. */
  readonly attempt: number
  /** Fencing token of the claim. */
  readonly fence: number
  /** Number of missed occurrences that the run makes up for, without its own. */
  readonly missed: number
  /** Whether the run makes up for a missed occurrence. */
  readonly catchUp: boolean
  /** Whether a program requested the run. */
  readonly manual: boolean
  /** `running` until it ends. An attempt that is followed by another one is `failed` with the reason `retrying`. */
  outcome: 'running' | 'ok' | 'failed' | 'abandoned' | 'cancelled'
  /** The reason why the attempt did not succeed; absent when it did. */
  reason?: string
  /** The value that the handler returned. */
  result?: unknown
  /** The error of the handler, or the reason of the end. */
  error?: string
}

/** A filter of records. */
export interface RunFilter {
  /** Only runs of this schedule. */
  readonly schedule?: string | undefined
  /** Only runs of this task. */
  readonly task?: string | undefined
  /** Only attempts with this outcome. */
  readonly outcome?: RunRecord['outcome'] | undefined
}

/** Every start of a fleet, in order. */
export class RunRecords {
  readonly #now: () => Date
  readonly #records: RunRecord[] = []
  /** Number of records that were given to callers of {@link takeNew}. */
  #toldCount = 0

  constructor(now: () => Date) {
    this.#now = now
  }

  begin(run: Run): RunRecord {
    const { schedule, task, id: runId, scheduledAt, startedAt, worker, attempt, fence, missed, catchUp, manual } = run
    const what = { schedule, task, runId, scheduledAt, startedAt, endedAt: null, worker, attempt, fence }
    const record: RunRecord = { ...what, missed, catchUp, manual, outcome: 'running' }
    this.#records.push(record)
    return record
  }

  /** Records the ends of a worker's runs from its events, which override the result of the handler. */
  follow(beat: Everybeat): void {
    beat.on('run:succeeded', (event) => this.#end(event, { outcome: 'ok' }))
    beat.on('run:failed', (event) => {
      const isCancelled = event.reason === 'cancelled' || event.reason === 'replaced'
      this.#end(event, {
        outcome: isCancelled ? 'cancelled' : 'failed',
        reason: event.reason,
        error: event.error.message,
      })
    })
    beat.on('run:retrying', (event) => {
      this.#end(event, { outcome: 'failed', reason: 'retrying', error: event.error.message })
    })
    beat.on('run:abandoned', (event) => this.#end(event, { outcome: 'abandoned', reason: event.reason }))
  }

  #end(
    { runId, attempt, fence }: { runId: string; attempt: number; fence: number },
    end: Pick<RunRecord, 'outcome' | 'reason' | 'error'>,
  ): void {
    const record = this.#records.findLast((each) => {
      return each.runId === runId && each.attempt === attempt && each.fence === fence
    })
    if (!record) return
    record.endedAt ??= this.#now()
    Object.assign(record, end)
  }

  /** Ends the records of a killed worker. */
  loseAll(worker: string): void {
    for (const record of this.#records) {
      if (record.worker !== worker || record.outcome !== 'running') continue
      record.outcome = 'abandoned'
      record.reason = 'crash'
      record.endedAt = this.#now()
    }
  }

  /** The records since the last call. */
  takeNew(): RunRecord[] {
    const fresh = this.#records.slice(this.#toldCount)
    this.#toldCount = this.#records.length
    return fresh
  }

  select({ schedule, task, outcome }: RunFilter): RunRecord[] {
    return this.#records.filter((record) => {
      if (schedule !== undefined && record.schedule !== schedule) return false
      if (task !== undefined && record.task !== task) return false
      return outcome === undefined || record.outcome === outcome
    })
  }

  /** The newest start of a run; undefined when it has not started. */
  lastOf(runId: string): RunRecord | undefined {
    return this.#records.findLast((record) => record.runId === runId)
  }
}
