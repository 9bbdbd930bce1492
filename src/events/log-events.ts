import type { IsolatedEmitter } from './isolated-emitter.js'
import type { Logger } from '../options/options.js'

/** Turns what deserves a person's attention into log lines. Runs that go well are not news. */
export function logEvents(events: IsolatedEmitter, logger: Logger): void {
  const when = (at: number) => new Date(at).toISOString()
  events.on('run:failed', ({ schedule, scheduledAt, error, attempt }) => {
    logger.error(`[everybeat] ${schedule} of ${when(scheduledAt)} failed in attempt ${attempt}: ${error.message}`)
  })
  events.on('run:retrying', ({ schedule, scheduledAt, error, attempt, delayMs }) => {
    logger.warn(
      `[everybeat] ${schedule} of ${when(scheduledAt)} failed in attempt ${attempt}, next in ${delayMs} ms: ${error.message}`,
    )
  })
  events.on('run:abandoned', ({ schedule, scheduledAt, reason, rerun, worker }) => {
    logger.warn(
      `[everybeat] ${schedule} of ${when(scheduledAt)} was abandoned by worker ${worker} (${reason})${rerun ? ', it is run again' : ''}`,
    )
  })
  events.on('lease:lost', ({ schedule, scheduledAt, reason }) => {
    logger.warn(`[everybeat] ${schedule} of ${when(scheduledAt)} lost its lease: ${reason}`)
  })
  events.on('schedule:overwritten', ({ schedule, fields }) => {
    logger.warn(
      `[everybeat] the declaration of ${schedule} has changed and overwrote live edits of ${fields.join(', ')}; \`everybeat changes\` shows them`,
    )
  })
  events.on('schedule:invalid', ({ schedule, error }) => {
    logger.error(`[everybeat] schedule ${schedule} cannot be used until it is edited: ${error}`)
  })
  events.on('schedule:late', ({ schedule, latenessMs }) => {
    logger.warn(
      `[everybeat] ${schedule === '' ? 'a schedule' : schedule} has been due for ${Math.round(latenessMs / 1000)} s and no worker took it`,
    )
  })
  events.on('fleet:mixed-tz', ({ versions }) => {
    const counts = Object.entries(versions).map(([version, count]) => `${version} on ${count}`)
    logger.warn(
      `[everybeat] the workers of the fleet have different time-zone data: ${counts.join(', ')}. Those with the newest plan the schedules with a time zone; run one Node.js version everywhere`,
    )
  })
  events.on('connection:lost', ({ address, error }) => {
    logger.warn(`[everybeat] lost Redis at ${address}${error ? `: ${error.message}` : ''}; trying again`)
  })
  events.on('connection:restored', ({ address, downMs }) => {
    logger.info(`[everybeat] Redis at ${address} is back after ${Math.round(downMs)} ms`)
  })
  events.on('error', ({ context, message }) => logger.error(`[everybeat] ${context}: ${message}`))
}
