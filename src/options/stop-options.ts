import { checkOptionNames, wrongValue } from '../schedule/field-values.js'

/** How long `stop()` lets the runs of a worker continue. */
export interface StopOptions {
  /**
   * Time for active runs to end before they are aborted, ms; Infinity waits for all runs.
   *
   * @default 30000
   */
  timeoutMs?: number | undefined
}

/** Default time for active runs to end, ms. */
const DEFAULT_TIMEOUT_MS = 30_000

/** The time-out of a stop, ms. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for another value than milliseconds */
export function parseStopTimeout(options: StopOptions): number {
  checkOptionNames(options, ['timeoutMs'])
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs
  throw wrongValue('timeoutMs', timeoutMs, 'a number of milliseconds from 0, or Infinity', 'ERR_EVERYBEAT_OPTIONS')
}
