import type { Duration, ErrorData } from '../index.js'

/**
 * The kind of a report: a run `start`s, ends with `success` or `failure`; occurrences are `missed`; a run starts
 * `late`; a schedule is `paused` by its failures, or `recovered`: a run succeeded, and another one has failed or was
 * abandoned since the last success.
 */
export type MonitorKind = 'start' | 'success' | 'failure' | 'missed' | 'late' | 'paused' | 'recovered'

/** The parts of a definition that services need. */
export interface MonitorSchedule {
  /** The cron expression, of a schedule with one. */
  readonly cron?: string | undefined
  /** The interval, of a schedule with one. */
  readonly every?: Duration | undefined
  /** The IANA zone; absent for UTC. */
  readonly tz?: string | undefined
  /** Grace within which an occurrence counts as on time. */
  readonly misfireGrace?: Duration | undefined
  /** Longest duration of a run. */
  readonly timeout?: Duration | undefined
  /** The labels of the schedule. */
  readonly tags?: readonly string[] | undefined
}

/** A report to a sink: plain data. Instants are epoch ms of Redis's clock. */
export interface MonitorEvent {
  /** The kind of the report. */
  readonly kind: MonitorKind
  /** Name of the schedule. */
  readonly schedule: string
  /** Id that is the same for all reports about one run; for `missed`, the name and the instant. */
  readonly runId: string
  /** The nominal instant. */
  readonly scheduledAt: number
  /** Name of the task; absent where no run started. */
  readonly task?: string
  /** Id of the worker; absent where no run started. */
  readonly worker?: string
  /** Number of the execution after failures, from 1. */
  readonly attempt?: number
  /** How long the handler took, ms; of `success` and `failure`. */
  readonly durationMs?: number
  /** How much later than its start instant the handler started, ms. */
  readonly latenessMs?: number
  /** Number of occurrences of a `missed` report. */
  readonly count?: number
  /** The reason of `failure` and `missed`. */
  readonly reason?: string
  /** The error of the run. */
  readonly error?: ErrorData
  /** The exit status of a command that failed. */
  readonly exitStatus?: number
  /** The definition; absent when it could not be read. */
  readonly definition?: MonitorSchedule
}

/** Sends reports to a service. */
export interface MonitorSink {
  /** The name of the sink in errors. */
  readonly name: string
  /** Sends one event, and rejects when it did not arrive. `signal` aborts after the time-out. */
  send(event: MonitorEvent, signal: AbortSignal): Promise<void>
}

/** A sink, or a function instead; an error of a function is reported, and the call is not repeated. */
export type MonitorTarget = MonitorSink | ((event: MonitorEvent) => unknown)
