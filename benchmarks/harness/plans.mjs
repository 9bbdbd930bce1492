/**
 * A plan says which schedules a measurement needs, small enough to send to every process:
 * `{ first, count, cron | everyMs, instant?, spread?, task? }`. Schedules are numbered `first … first + count - 1`.
 */

const NAME_PREFIX = 'benchmark-schedule-with-40-bytes-'
const DIGITS = 7

/** The payload of every schedule. */
export const PAYLOAD = { to: 'ops' }

/** A cron without an instant during a benchmark: half a year from now. */
export function farCron() {
  const date = new Date(Date.now() + 180 * 86_400_000)
  return `0 0 0 ${Math.min(28, date.getUTCDate())} ${date.getUTCMonth() + 1} *`
}

/** The name of schedule `id`: always 40 bytes. */
export function nameOf(id) {
  return NAME_PREFIX + String(id).padStart(DIGITS, '0')
}

/** The number in a name that `nameOf` made. */
export function idOf(name) {
  return Number(name.slice(-DIGITS))
}

/** The numbers of all schedules of `plans`. */
export function idsOf(plans) {
  return plans.flatMap((plan) => Array.from({ length: plan.count }, (_, index) => plan.first + index))
}

/** Every schedule of `plans` as `{ id, name, plan }`, one at a time. */
export function* schedulesOf(plans) {
  for (const plan of plans) {
    for (let id = plan.first; id < plan.first + plan.count; id += 1) yield { id, name: nameOf(id), plan }
  }
}

/** `schedulesOf(plans)` in arrays of at most `size`. */
export function* chunksOf(plans, size) {
  let chunk = []
  for (const schedule of schedulesOf(plans)) {
    chunk.push(schedule)
    if (chunk.length === size) {
      yield chunk
      chunk = []
    }
  }
  if (chunk.length > 0) yield chunk
}

/** The scheduled instant for peers that do not give it: the plan's only instant, or the last multiple of its period. */
export function nominalInstant(plan, nowMs) {
  const periodMs = plan.everyMs ?? 1000
  return plan.instant ?? Math.floor(nowMs / periodMs) * periodMs
}
