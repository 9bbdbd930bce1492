import type { Logger } from '../options/options.js'
import type { EventOf, EverybeatEvents, RunEvent } from './events.js'
import type { IsolatedEmitter } from './isolated-emitter.js'
import { toPrintable } from './printable.js'

type Level = 'debug' | 'info' | 'warn' | 'error'

/** Writes one line with structured details. */
export type WriteLine = (level: Level, message: string, details: object) => void

/**
 * Creates the writer of log lines. Lines begin with `[everybeat]` and stay on one line for any name or message. pino
 * takes the details first, every other logger after the message. An error of a logger is ignored.
 */
export function createLineWriter(logger: Logger): WriteLine {
  const isPino = typeof (logger as { bindings?: unknown }).bindings === 'function'
  return (level, message, details) => {
    const line = `[everybeat] ${toPrintable(message)}`
    try {
      if (isPino) (logger[level] as unknown as (details: unknown, message: string) => void)(details, line)
      else logger[level](line, details)
    } catch {
      // The engine continues without the log line.
    }
  }
}

/** Writes log lines for events that need a person's attention. Runs that succeed are not logged. */
export function logEvents(events: IsolatedEmitter, write: WriteLine): void {
  logRuns(events, write)
  events.on('schedule:overwritten', (event) => {
    const fields = event.fields.join(', ')
    const advice = '`everybeat changes` shows them'
    write(
      'warn',
      `the declaration of ${event.schedule} has changed and overwrote live edits of ${fields}; ${advice}`,
      event,
    )
  })
  events.on('schedule:invalid', (event) => {
    write('error', `schedule ${event.schedule} cannot be used until it is edited: ${event.error}`, event)
  })
  events.on('schedule:late', (event) => {
    const lateS = Math.round(event.latenessMs / 1000)
    write('warn', `schedule ${event.schedule} has been due for ${lateS} s, and no worker has claimed it`, event)
  })
  events.on('task:unserved', (event) => {
    const others = event.count > 1 ? ` and ${event.count - 1} more` : ''
    const what = `no live worker of the pool ${event.pool} has the task ${event.task}: ${event.schedule}${others} waits for it`
    write('warn', `${what}. Start a worker that has it, or correct \`task\` or \`pool\``, event)
  })
  events.on('fleet:mixed-tz', (event) => {
    const counts = Object.entries(event.versions).map(([version, count]) => `${version} on ${count}`)
    const advice =
      'The workers with the newest data plan the schedules that have a time zone; run the same version of Node.js on all workers'
    write('warn', `the workers of the fleet have different time-zone data: ${counts.join(', ')}. ${advice}`, event)
  })
  events.on('dataset:rewound', (event) => {
    const to = event.to === null ? 'to before this worker joined' : `to ${new Date(event.to).toISOString()}`
    const what = 'edits, pauses, removals and runs since then are lost; declarations of live code are applied again'
    write('error', `the dataset of Redis was set back ${to}: ${what}`, event)
  })
  events.on('connection:lost', (event) => {
    const why = event.error ? `: ${event.error.message}` : ''
    write('warn', `the connection to Redis at ${event.address} is lost${why}; reconnecting`, event)
  })
  events.on('connection:restored', (event) => {
    write('info', `the connection to Redis at ${event.address} is restored after ${Math.round(event.downMs)} ms`, event)
  })
  events.on('error', (event) => {
    const isOver = event.recoveredAfterMs !== undefined
    write(isOver ? 'info' : 'error', `${event.context}: ${event.message}`, event)
  })
}

/**
 * Writes log lines about runs, each with the schedule and the run id; the details hold the error with its stack and its
 * causes.
 */
function logRuns(events: IsolatedEmitter, write: WriteLine): void {
  events.on('run:failed', (event, thrown) => {
    const message = `${titleOf(event)} failed in attempt ${event.attempt}: ${event.error.message}`
    write('error', message, detailsOf(event, thrown))
  })
  events.on('run:retrying', (event, thrown) => {
    const message = `${titleOf(event)} failed in attempt ${event.attempt}, next in ${event.delayMs} ms: ${event.error.message}`
    write('warn', message, detailsOf(event, thrown))
  })
  events.on('run:abandoned', (event) => {
    const what = event.rerun ? ', and is delivered again' : ''
    write('warn', `${titleOf(event)} was abandoned by worker ${event.worker} (${event.reason})${what}`, event)
  })
  events.on('lease:lost', (event) => write('warn', `${titleOf(event)} lost its lease: ${event.reason}`, event))
}

function titleOf({ schedule, scheduledAt, runId }: RunEvent): string {
  return `${schedule} of ${new Date(scheduledAt).toISOString()} (run ${runId})`
}

function detailsOf<Name extends keyof EverybeatEvents>(event: EventOf<Name>, thrown: unknown): object {
  return thrown === undefined ? { ...event } : { ...event, error: thrown }
}
