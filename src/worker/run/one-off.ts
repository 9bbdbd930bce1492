/** Time for which the schedule of a one-off run is kept after the run. */
const ONE_OFF_STAY = '1h'
/** Longest delay of a one-off run. */
const ONE_OFF_WINDOW = '24h'
/** Longest part of a task's name in the name of the schedule, UTF-16 units. */
const NAME_LENGTH = 100

/** A run that is requested for a task, without a schedule. */
export interface OneOff {
  readonly task: string
  readonly pool: string
  /** When the run is requested, epoch ms of Redis's clock. */
  readonly atMs: number
  /** A random number in [0, 1), so that two runs in one millisecond get two names. */
  readonly random: number
}

/**
 * The schedule of a one-off run, which fires now, once. It sets all policies, so that the `defaults` of the instance (a
 * jitter, a misfire policy) neither delay nor skip the run.
 */
export function describeOneOff({ task, pool, atMs, random }: OneOff) {
  // The cut must not divide a surrogate pair: half of one is no valid text.
  const start = task.slice(0, NAME_LENGTH).replace(/[\ud800-\udbff]$/, '')
  const definition = {
    task,
    at: new Date(atMs),
    pool,
    jitter: 0,
    misfire: 'latest' as const,
    misfireGrace: ONE_OFF_WINDOW,
    catchUpWindow: ONE_OFF_WINDOW,
    removeAfter: ONE_OFF_STAY,
  }
  return { name: `${start}!${atMs.toString(36)}${random.toString(36).slice(2, 8)}`, definition }
}
