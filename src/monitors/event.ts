import type { Duration, ErrorData } from '../index.js'

/**
 * What is reported: a run `start`s, ends with `success` or `failure`; occurrences are `missed`; a run starts `late`; a
 * schedule is `paused` by its failures, or `recovered`: it succeeded, and the run before did not.
 */
export type MonitorKind = 'start' | 'success' | 'failure' | 'missed' | 'late' | 'paused' | 'recovered'

/** What a service is told of a schedule, so that it is written once. */
export interface MonitorSchedule {
  /** The cron expression, of a schedule with one. */
  readonly cron?: string | undefined
  /** The interval, of a schedule with one. */
  readonly every?: Duration | undefined
  /** The IANA zone; absent for UTC. */
  readonly tz?: string | undefined
  /** How late an occurrence may start and still count as on time. */
  readonly misfireGrace?: Duration | undefined
  /** How long a run may take. */
  readonly timeout?: Duration | undefined
  /** The labels of the schedule. */
  readonly tags?: readonly string[] | undefined
}

/** What a sink gets: plain data. Instants are epoch ms of Redis's clock. */
export interface MonitorEvent {
  /** What happened. */
  readonly kind: MonitorKind
  /** Name of the schedule. */
  readonly schedule: string
  /** The same for every report about one run; of `missed`, the name and the instant. */
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
  /** Occurrences that a `missed` covers. */
  readonly count?: number
  /** Why, of `failure` and `missed`. */
  readonly reason?: string
  /** What the run failed with. */
  readonly error?: ErrorData
  /** The exit status of a command that failed. */
  readonly exitStatus?: number
  /** The definition; left out when it could not be read. */
  readonly definition?: MonitorSchedule
}

/** Tells a service what happened. */
export interface MonitorSink {
  /** What errors call it. */
  readonly name: string
  /**
   * Sends one event, and rejects when it did not arrive. `signal` aborts when the time is over.
   */
  send(event: MonitorEvent, signal: AbortSignal): Promise<void>
}

/** A sink, or a function in place of one; what a function throws is told and not tried again. */
export type MonitorTarget = MonitorSink | ((event: MonitorEvent) => unknown)
