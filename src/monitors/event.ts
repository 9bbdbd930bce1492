import type { Duration, ErrorData } from '../index.js'

/**
 * What is reported: a run `start`s, ends with `success` or `failure`; occurrences are `missed`; a run starts `late`; a
 * schedule is `paused` by its failures, or `recovered`: it succeeded, and the run before did not.
 */
export type MonitorKind = 'start' | 'success' | 'failure' | 'missed' | 'late' | 'paused' | 'recovered'

/** What a service is told of a schedule, so that nobody has to type it twice. */
export interface MonitorSchedule {
  readonly cron?: string | undefined
  readonly every?: Duration | undefined
  readonly tz?: string | undefined
  readonly misfireGrace?: Duration | undefined
  readonly timeout?: Duration | undefined
  readonly tags?: readonly string[] | undefined
}

/** What a sink gets: plain data. Instants are epoch ms of Redis's clock. */
export interface MonitorEvent {
  readonly kind: MonitorKind
  readonly schedule: string
  /** The same for every report about one run; of `missed`, the name and the instant. */
  readonly runId: string
  /** The nominal instant. */
  readonly scheduledAt: number
  readonly task?: string
  readonly worker?: string
  readonly attempt?: number
  readonly durationMs?: number
  readonly latenessMs?: number
  /** Occurrences that a `missed` stands for. */
  readonly count?: number
  /** Why, of `failure` and `missed`. */
  readonly reason?: string
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
