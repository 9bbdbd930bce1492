import { AfterStarts } from '../after-starts/index.js'
import type { Everybeat, EverybeatEvents, RunEvent } from '../index.js'
import { Delivery, toError } from './delivery.js'
import type { MonitorEvent, MonitorTarget } from './event.js'
import { KnownDefinitions, type Known } from './known-definitions.js'
import { resolveMonitorOptions, type MonitorOptions, type ResolvedMonitorOptions } from './options.js'

/** The result of {@link monitor}. */
export interface Monitor {
  /** Resolves when all events so far are reported or given up; call it before a process ends. */
  flush(): Promise<void>
  /** Ends the reports and drops those that wait. */
  close(): void
}

type Payload<Name extends keyof EverybeatEvents> = Parameters<EverybeatEvents[Name]>[0]

/** Most schedules whose late instants are remembered. */
const MAX_TOLD_LATE = 10_000
/** Reasons of skipped occurrences that are reported as missed, because no person chose to skip them. */
const MISSED_REASONS = ['misfire', 'catch-up-window', 'catch-up-cap']

/**
 * Reports starts, ends and misses of schedules to a monitoring service. Each worker reports its own runs, so call it on
 * every worker.
 *
 * No run waits for a sink: reports go through a bounded queue, each try has a time-out, and a report that did not
 * arrive is sent again. A sink that fails becomes one `error` event with the context `monitor <sink>`, and one more
 * when it works again.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`, `ERR_EVERYBEAT_DURATION` for options that are wrong
 */
export function monitor(beat: Everybeat, options: MonitorOptions, sink: MonitorTarget): Monitor {
  return new ScheduleMonitor(beat, resolveMonitorOptions(options, sink), sink)
}

class ScheduleMonitor implements Monitor {
  readonly #beat: Everybeat
  readonly #options: ResolvedMonitorOptions
  readonly #delivery: Delivery
  /** The context of errors. */
  readonly #context: string
  readonly #known: KnownDefinitions
  /** The instant of each schedule that was reported as late before its run started. */
  readonly #toldLate = new Map<string, number>()
  /** The reports that are not made yet, so that the report of a start also comes before that of the end of its run. */
  readonly #afterStarts: AfterStarts
  /** Functions that remove the listeners. */
  readonly #undo: (() => void)[] = []
  /** Since when the sink fails, on the monotonic clock; null while it works. */
  #failsSince: number | null = null

  constructor(beat: Everybeat, options: ResolvedMonitorOptions, sink: MonitorTarget) {
    this.#beat = beat
    this.#options = options
    this.#context = `monitor ${typeof sink === 'function' ? sink.name || 'function' : sink.name}`
    this.#delivery = new Delivery({ ...options, target: sink, onEnd: (error) => this.#onEnd(error) })
    this.#known = new KnownDefinitions((schedule) => beat.schedules.get(schedule))
    this.#afterStarts = new AfterStarts((error) => this.#onEnd(toError(error)))
    this.#listen('schedule:changed', ({ schedule }) => this.#known.forget(schedule))
    this.#listen('schedule:late', (event) => this.#onOverdue(event))
    this.#listen('run:started', (event) => this.#onStarted(event))
    this.#listen('run:succeeded', (event) => this.#onSucceeded(event))
    this.#listen('run:failed', (event, thrown) => this.#onFailed(event, thrown))
    this.#listen('run:abandoned', (event) => {
      if (!event.rerun) this.#report(event.schedule, () => this.#failure(event, { reason: event.reason }))
    })
    this.#listen('run:skipped', (event) => {
      if (!MISSED_REASONS.includes(event.reason)) return
      const runId = `${event.schedule}@${event.scheduledAt}`
      this.#report(event.schedule, () => [{ kind: 'missed', runId, ...event }])
    })
  }

  flush(): Promise<void> {
    this.#afterStarts.doNow()
    return this.#delivery.idle()
  }

  close(): void {
    for (const undo of this.#undo.splice(0)) undo()
    this.#afterStarts.clear()
    this.#delivery.close()
  }

  #listen<Name extends keyof EverybeatEvents>(name: Name, listener: EverybeatEvents[Name]): void {
    this.#beat.on(name, listener as never)
    this.#undo.push(() => void this.#beat.off(name, listener as never))
  }

  /** Reports an occurrence that no worker has claimed, once, although the event repeats until a worker claims it. */
  #onOverdue({ schedule, dueAt, latenessMs }: Payload<'schedule:late'>): void {
    if (latenessMs <= this.#options.lateAfterMs || this.#toldLate.get(schedule) === dueAt) return
    this.#toldLate.set(schedule, dueAt)
    if (this.#toldLate.size > MAX_TOLD_LATE) this.#toldLate.delete(this.#toldLate.keys().next().value!)
    const late: MonitorEvent = { kind: 'late', schedule, runId: `${schedule}@${dueAt}`, scheduledAt: dueAt, latenessMs }
    this.#report(schedule, () => [late])
  }

  #onStarted(event: Payload<'run:started'>): void {
    if (event.attempt > 1) return
    this.#report(event.schedule, () => {
      const { latenessMs, schedule, scheduledAt } = event
      const start: MonitorEvent = { kind: 'start', ...factsOf(event), latenessMs }
      const isLate = latenessMs > this.#options.lateAfterMs && this.#toldLate.get(schedule) !== scheduledAt
      return isLate ? [start, { ...start, kind: 'late' }] : [start]
    })
  }

  #onSucceeded(event: Payload<'run:succeeded'>): void {
    this.#report(event.schedule, () => {
      const { durationMs, latenessMs, recovered } = event
      const success: MonitorEvent = { kind: 'success', ...factsOf(event), durationMs, latenessMs }
      return recovered ? [success, { ...success, kind: 'recovered' }] : [success]
    })
  }

  #onFailed(event: Payload<'run:failed'>, thrown: unknown): void {
    const { durationMs, reason, error } = event
    const status = (thrown as { code?: unknown; value?: unknown } | undefined | null) ?? {}
    const exit = status.code === 'ERR_EVERYBEAT_COMMAND' ? Number(status.value) : Number.NaN
    const isExit = Number.isInteger(exit) && exit > 0 && exit < 256
    const facts = { durationMs, reason, error, ...(isExit ? { exitStatus: exit } : {}) }
    this.#report(event.schedule, () => this.#failure(event, facts))
  }

  /** The reports of a failure, and of the pause that it caused. */
  async #failure(event: RunEvent, facts: Partial<MonitorEvent>): Promise<MonitorEvent[]> {
    const common = { ...factsOf(event), ...facts }
    const view = await this.#beat.schedules.get(event.schedule).catch(() => null)
    const isPaused =
      view?.paused !== undefined && view.pauseAfter !== undefined && (view.failures ?? 0) >= view.pauseAfter
    const failure: MonitorEvent = { ...common, kind: 'failure' }
    return isPaused ? [failure, { ...common, kind: 'paused' }] : [failure]
  }

  /** Makes a report when the runs of this instant have started, and adds it to the queue. */
  #report(schedule: string, make: () => MonitorEvent[] | Promise<MonitorEvent[]>): void {
    this.#afterStarts.add(() => {
      if (this.#options.matches(schedule)) this.#delivery.add({ schedule, make: () => this.#make(schedule, make) })
    })
  }

  /**
   * The events of a report, with the definition of the schedule: at once unless something has to be read. If the
   * definition cannot be read, a report is sent without it, unless a tag has to match.
   */
  #make(
    schedule: string,
    make: () => MonitorEvent[] | Promise<MonitorEvent[]>,
  ): MonitorEvent[] | Promise<MonitorEvent[]> {
    const known = this.#known.get(schedule)
    if (known === null || !(known instanceof Promise)) return this.#complete(known, make)
    const onFailure = (error: unknown): null => {
      if (this.#options.tag !== undefined) throw error
      return null
    }
    return known.catch(onFailure).then((read) => this.#complete(read, make))
  }

  #complete(
    known: Known,
    make: () => MonitorEvent[] | Promise<MonitorEvent[]>,
  ): MonitorEvent[] | Promise<MonitorEvent[]> {
    const { tag } = this.#options
    if (tag !== undefined && known?.tags?.includes(tag) !== true) return []
    const made = make()
    return made instanceof Promise ? made.then((events) => addDefinition(events, known)) : addDefinition(made, known)
  }

  #onEnd(error: Error | null): void {
    if (error !== null && this.#failsSince === null) {
      this.#failsSince = performance.now()
      const code = (error as { code?: unknown }).code
      this.#tell({ name: error.name, message: error.message, ...(typeof code === 'string' ? { code } : {}) })
    } else if (error === null && this.#failsSince !== null) {
      const recoveredAfterMs = Math.round(performance.now() - this.#failsSince)
      this.#failsSince = null
      this.#tell({ name: 'EverybeatError', message: 'the sink accepts reports again', recoveredAfterMs })
    }
  }

  #tell(error: Omit<Payload<'error'>, 'context'>): void {
    try {
      this.#beat.emit('error', { ...error, context: this.#context })
    } catch {
      // An error of an `error` listener is ignored, as everywhere.
    }
  }
}

function factsOf({ schedule, runId, scheduledAt, task, worker, attempt }: RunEvent): Omit<MonitorEvent, 'kind'> {
  return { schedule, runId, scheduledAt, task, worker, attempt }
}

function addDefinition(events: MonitorEvent[], definition: Known): MonitorEvent[] {
  return definition === null ? events : events.map((event) => ({ ...event, definition }))
}
