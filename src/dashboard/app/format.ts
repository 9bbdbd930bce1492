const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** The space between the groups of a number, and between a number and its unit. */
const THIN = '\u202f'
const FIXED = '\u00a0'

const instantFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  timeZone: 'UTC',
})

/** A whole number in groups of three: `1 284`, `1 000 000`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, THIN)
}

/** A count that has to be short: `999`, `12.5 k`, `1.2 M`. */
export function formatShort(value: number): string {
  if (value < 10_000) return formatCount(value)
  const [size, unit] = value < 1_000_000 ? [1_000, 'k'] : [1_000_000, 'M']
  const scaled = value / size
  return `${scaled < 100 ? Number(scaled.toFixed(1)) : Math.round(scaled)}${FIXED}${unit}`
}

/** A noun with its count: `1 schedule`, `12 schedules`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`
}

/** A duration: `2 ms`, `1.4 s`, `6 min 5 s`, `3 h 20 min`. */
export function formatDuration(milliseconds: number): string {
  const ms = Math.abs(milliseconds)
  if (ms < SECOND) return `${Math.round(ms)}${FIXED}ms`
  if (ms < 10 * SECOND) return `${Number((ms / SECOND).toFixed(1))}${FIXED}s`
  return formatSpan(ms)
}

/** A distance in time in at most two units, cut and never rounded up. */
export function formatSpan(milliseconds: number): string {
  const ms = Math.abs(milliseconds)
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}${FIXED}s`
  if (ms < HOUR) return inUnits(ms, [MINUTE, 'min'], ms < 10 * MINUTE ? [SECOND, 's'] : null)
  if (ms < DAY) return inUnits(ms, [HOUR, 'h'], ms < 10 * HOUR ? [MINUTE, 'min'] : null)
  return inUnits(ms, [DAY, 'd'], ms < 3 * DAY ? [HOUR, 'h'] : null)
}

type Unit = readonly [size: number, name: string]

function inUnits(ms: number, [big, bigName]: Unit, small: Unit | null): string {
  const rest = small === null ? 0 : Math.floor((ms % big) / small[0])
  return `${Math.floor(ms / big)}${FIXED}${bigName}${rest > 0 ? `${FIXED}${rest}${FIXED}${small![1]}` : ''}`
}

/** A distance from now: `in 3 min`, `12 s ago`, `now`. */
export function formatRelative(at: string | number, now: number): string {
  const distance = (typeof at === 'number' ? at : Date.parse(at)) - now
  if (Math.abs(distance) < SECOND) return 'now'
  const ms = Math.abs(distance)
  const [size, unit] =
    ms < MINUTE ? [SECOND, 's'] : ms < HOUR ? [MINUTE, 'min'] : ms < 2 * DAY ? [HOUR, 'h'] : [DAY, 'd']
  const span = `${Math.floor(ms / (size as number))}${FIXED}${unit}`
  return distance > 0 ? `in ${span}` : `${span} ago`
}

/** An instant in UTC to the second: `Fri 27 Nov 14:32:07`. */
export function formatInstant(at: string | number): string {
  return instantFormat.format(new Date(at)).replaceAll(',', '')
}

/** The time of day in UTC: `14:32`. */
export function formatTime(at: string | number, withSeconds = false): string {
  return new Date(at).toISOString().slice(11, withSeconds ? 19 : 16)
}

/** A value of a definition on one line. */
export function formatValue(value: unknown): string {
  if (value === undefined || value === null) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
