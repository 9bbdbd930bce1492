import type { Everybeat, EverybeatEvents, RunEvent, ScheduleView } from '../index.js'
import { Delivery } from './delivery.js'
import type { MonitorEvent, MonitorSchedule, MonitorTarget } from './event.js'
import { resolveMonitorOptions, type MonitorOptions, type ResolvedMonitorOptions } from './options.js'

/** The result of {@link monitor}. */
export interface Monitor {
  /** Resolves when all events so far are reported or given up; call it before a process ends. */
  flush(): Promise<void>
  /** Ends the reports and drops those that wait. */
  close(): void
}

type Payload<Name extends keyof EverybeatEvents> = Parameters<EverybeatEvents[Name]>[0]

// Taken when the module is loaded: a test that stops the timers later does not stop the reports.
const { setImmediate } = globalThis

/** Most definitions that are cached. */
const MAX_KNOWN = 10_000
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
  /** The definitions of schedules, until they change; null for a schedule that does not exist. */
  readonly #known = new Map<string, Promise<ScheduleView | null>>()
  /** The instant of each schedule that was reported as late before its run started. */
  readonly #toldLate = new Map<string, number>()
  /** Starts that are not reported yet: runs of one instant start one behind the other, and none waits for a report. */
  #started: Payload<'run:started'>[] = []
  /** Functions that remove the listeners. */
  readonly #undo: (() => void)[] = []
  /** Since when the sink fails, on the monotonic clock; null while it works. */
  #failsSince: number | null = null

  constructor(beat: Everybeat, options: ResolvedMonitorOptions, sink: MonitorTarget) {
    this.#beat = beat
    this.#options = options
    this.#context = `monitor ${typeof sink === 'function' ? sink.name || 'function' : sink.name}`
    this.#delivery = new Delivery({ ...options, target: sink, onEnd: (error) => this.#onEnd(error) })
    this.#listen('schedule:changed', ({ schedule }) => void this.#known.delete(schedule))
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
      this.#report(event.schedule, () => Promise.resolve([{ kind: 'missed', runId, ...event }]))
    })
  }

  flush(): Promise<void> {
    this.#reportStarts()
    return this.#delivery.idle()
  }

  close(): void {
    for (const undo of this.#undo.splice(0)) undo()
    this.#started = []
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
    if (this.#toldLate.size > MAX_KNOWN) this.#toldLate.delete(this.#toldLate.keys().next().value!)
    const late: MonitorEvent = { kind: 'late', schedule, runId: `${schedule}@${dueAt}`, scheduledAt: dueAt, latenessMs }
    this.#report(schedule, () => Promise.resolve([late]))
  }

  #onStarted(event: Payload<'run:started'>): void {
    if (event.attempt > 1) return
    this.#started.push(event)
    if (this.#started.length === 1) setImmediate(() => this.#reportStarts())
  }

  #reportStarts(): void {
    if (this.#started.length === 0) return
    const started = this.#started
    this.#started = []
    for (const event of started) this.#reportStart(event)
  }

  #reportStart(event: Payload<'run:started'>): void {
    const { latenessMs, schedule, scheduledAt } = event
    const facts = { ...factsOf(event), latenessMs }
    const isLate = latenessMs > this.#options.lateAfterMs && this.#toldLate.get(schedule) !== scheduledAt
    this.#report(schedule, () =>
      Promise.resolve([
        { kind: 'start', ...facts },
        ...(isLate ? ([{ kind: 'late', ...facts }] satisfies MonitorEvent[]) : []),
      ]),
    )
  }

  #onSucceeded(event: Payload<'run:succeeded'>): void {
    const { durationMs, latenessMs, recovered } = event
    const facts = { ...factsOf(event), durationMs, latenessMs }
    const kinds = recovered ? (['success', 'recovered'] as const) : (['success'] as const)
    this.#report(event.schedule, () => Promise.resolve(kinds.map((kind) => ({ kind, ...facts }))))
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

  #report(schedule: string, make: () => Promise<MonitorEvent[]>): void {
    // A run is reported to have started before anything else is said of it.
    this.#reportStarts()
    if (!this.#options.matches(schedule)) return
    this.#delivery.add({
      schedule,
      make: async () => {
        const view = await this.#definitionOf(schedule)
        const { tag } = this.#options
        if (tag !== undefined && view?.tags?.includes(tag) !== true) return []
        const definition = view === null ? {} : { definition: pickDefinition(view) }
        return (await make()).map((event) => ({ ...event, ...definition }))
      },
    })
  }

  /**
   * The definition, which is read once until it changes. If it cannot be read, a report is sent without it, unless a
   * tag has to match.
   */
  async #definitionOf(schedule: string): Promise<ScheduleView | null> {
    let known = this.#known.get(schedule)
    if (known === undefined) {
      known = this.#beat.schedules.get(schedule)
      this.#known.set(schedule, known)
      if (this.#known.size > MAX_KNOWN) this.#known.delete(this.#known.keys().next().value!)
    }
    try {
      return await known
    } catch (error) {
      if (this.#known.get(schedule) === known) this.#known.delete(schedule)
      if (this.#options.tag !== undefined) throw error
      return null
    }
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

function pickDefinition({ cron, every, tz, misfireGrace, timeout, tags }: ScheduleView): MonitorSchedule {
  const fields = { cron, every, tz, misfireGrace, timeout, tags }
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
