/** What a system does with wall times at clock changes: `at` gives the instants at which a wall time fires. */
export type ClockRule = (zone: string, wallMs: number) => number[]

/** The values of each field of a cron, and how its day fields combine. */
export interface OracleCron {
  minutes: ReadonlySet<number>
  hours: ReadonlySet<number>
  days: ReadonlySet<number>
  months: ReadonlySet<number>
  weekdays: ReadonlySet<number>
  namesDay(inDays: boolean, inWeekdays: boolean): boolean
}

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

/** The next instants strictly after `fromMs`, found by looking at every day and every minute of a matching day. */
export function walkCron(cron: OracleCron, zone: string, fromMs: number, rule: ClockRule, count: number): number[] {
  const found = new Set<number>()
  const firstDay = Math.floor((fromMs + offsetAt(zone, fromMs)) / DAY_MS) - 2
  let extraDays = 3
  for (let day = firstDay; day < firstDay + 366 * 30; day++) {
    if (namesDate(cron, day)) for (const at of instantsOfDay(cron, zone, day, rule)) if (at > fromMs) found.add(at)
    // Clock changes can put an instant of one day behind those of the next.
    if (found.size >= count && (extraDays -= 1) < 0) break
  }
  return [...found].sort((left, right) => left - right).slice(0, count)
}

function namesDate(cron: OracleCron, day: number): boolean {
  const date = new Date(day * DAY_MS)
  if (!cron.months.has(date.getUTCMonth() + 1)) return false
  return cron.namesDay(cron.days.has(date.getUTCDate()), cron.weekdays.has(date.getUTCDay()))
}

function instantsOfDay(cron: OracleCron, zone: string, day: number, rule: ClockRule): number[] {
  const walls = [...cron.hours].flatMap((hour) =>
    [...cron.minutes].map((minute) => day * DAY_MS + (hour * 60 + minute) * MINUTE_MS),
  )
  // Most days have one offset from the day before to the day after; the rule is asked for the others only.
  const offset = offsetOfDay(zone, day - 1)
  if (offset === offsetOfDay(zone, day + 2)) return walls.map((wall) => wall - offset)
  return walls.flatMap((wall) => rule(zone, wall))
}

/** Every instant at which the clocks show a wall time: none in a gap, two in an overlap. */
export function passes(zone: string, wallMs: number): number[] {
  const offsets = new Set([offsetAt(zone, wallMs - DAY_MS), offsetAt(zone, wallMs + DAY_MS)])
  return [...offsets]
    .map((offset) => wallMs - offset)
    .filter((at) => at + offsetAt(zone, at) === wallMs)
    .sort((left, right) => left - right)
}

/** The instant at which a gap that holds the wall time ends. */
export function endOfGap(zone: string, wallMs: number): number {
  let [before, after] = [wallMs - DAY_MS, wallMs + DAY_MS]
  before -= offsetAt(zone, before)
  after -= offsetAt(zone, after)
  const offset = offsetAt(zone, before)
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(zone, middle) === offset) before = middle
    else after = middle
  }
  return after
}

const dayOffsets = new Map<string, number>()

function offsetOfDay(zone: string, day: number): number {
  const key = `${zone} ${day}`
  const known = dayOffsets.get(key) ?? offsetAt(zone, day * DAY_MS)
  dayOffsets.set(key, known)
  return known
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** The offset of a zone from UTC at an instant, in milliseconds, as `Intl` says it. */
export function offsetAt(zone: string, atMs: number): number {
  if (zone === 'UTC') return 0
  let format = formats.get(zone)
  if (format === undefined) {
    const numeric = 'numeric' as const
    const parts = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric }
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...parts })
    formats.set(zone, format)
  }
  const part = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, Number(value)]))
  const read = (type: string): number => part.get(type as Intl.DateTimeFormatPartTypes)!
  const wall = Date.UTC(read('year'), read('month') - 1, read('day'), read('hour'), read('minute'), read('second'))
  return wall - Math.floor(atMs / 1000) * 1000
}
