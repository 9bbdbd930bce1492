/** How long the schedule of a one-off run stays after the run. */
const ONE_OFF_STAY = '1h'
/** How late a one-off run may start. */
const ONE_OFF_WINDOW = '24h'
/** Longest part of a task's name in the name of the schedule, UTF-16 units. */
const NAME_LENGTH = 100

/** A run of a task that is asked for once. */
export interface OneOff {
  readonly task: string
  readonly pool: string
  /** When it is asked for, epoch ms of Redis's clock. */
  readonly atMs: number
  /** A random number in [0, 1): two runs of one millisecond get two names. */
  readonly random: number
}

/**
 * The schedule of a one-off run: it runs now, once. The policies are set, so that the `defaults` of the instance (a
 * jitter, a misfire policy) neither delay nor drop it.
 */
export function describeOneOff({ task, pool, atMs, random }: OneOff) {
  // A surrogate pair must not be cut in two: half of it is no text.
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
