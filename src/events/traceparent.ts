import { channel } from 'node:diagnostics_channel'

/** What the channel `everybeat:trigger` says of a run, or of the runs of a backfill, before it is asked for. */
export interface TriggerMessage {
  /** The name of the schedule that is asked to run. */
  readonly schedule: string
  /** A subscriber sets it: the W3C `traceparent` of the caller. The run has it as `cause`, on any worker. */
  traceparent?: string | undefined
}

const TRIGGER_CHANNEL = channel('everybeat:trigger')

/** Asks the subscribers of `everybeat:trigger` in which trace a run is asked for; empty where none says. */
export function askForTraceparent(schedule: string): string {
  if (!TRIGGER_CHANNEL.hasSubscribers) return ''
  const message: TriggerMessage = { schedule }
  TRIGGER_CHANNEL.publish(message)
  return readTraceparent(message.traceparent)
}

/** A `traceparent` as a subscriber set it; empty for what is none, for it is stored with the run. */
export function readTraceparent(value: unknown): string {
  return typeof value === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : ''
}
