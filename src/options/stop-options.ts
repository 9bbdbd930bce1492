import { checkOptionNames, wrongValue } from '../schedule/field-values.js'

/** How `stop()` ends a worker. */
export interface StopOptions {
  /**
   * How long active runs may continue before they are aborted, milliseconds; Infinity waits for all of them.
   *
   * @default 30000
   */
  timeoutMs?: number | undefined
}

/** How long `stop()` lets runs continue by default, ms. */
const DEFAULT_TIMEOUT_MS = 30_000

/** The time-out of a stop, ms. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for another value than milliseconds */
export function parseStopTimeout(options: StopOptions): number {
  checkOptionNames(options, ['timeoutMs'])
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options
  if (typeof timeoutMs === 'number' && timeoutMs >= 0) return timeoutMs
  throw wrongValue('timeoutMs', timeoutMs, 'a number of milliseconds from 0, or Infinity', 'ERR_EVERYBEAT_OPTIONS')
}
