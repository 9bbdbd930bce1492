import { channel } from 'node:diagnostics_channel'

/** The message of the channel `everybeat:trigger` about a manual run or a backfill, before it is requested. */
export interface TriggerMessage {
  /** The name of the schedule. */
  readonly schedule: string
  /** Set by a subscriber: the W3C `traceparent` of the caller. The run has it as `cause`, on any worker. */
  traceparent?: string | undefined
}

const TRIGGER_CHANNEL = channel('everybeat:trigger')

/** Asks the subscribers of `everybeat:trigger` for the trace of a request; empty if none gives one. */
export function askForTraceparent(schedule: string): string {
  if (!TRIGGER_CHANNEL.hasSubscribers) return ''
  const message: TriggerMessage = { schedule }
  TRIGGER_CHANNEL.publish(message)
  return readTraceparent(message.traceparent)
}

/** The `traceparent` of a subscriber; empty for an invalid one, because it is stored with the run. */
export function readTraceparent(value: unknown): string {
  return typeof value === 'string' && /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/.test(value) ? value : ''
}
