import { EverybeatError, showValue } from '../errors.js'

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Reads a duration in milliseconds: a number of milliseconds, or a text such as `90s`, `1h30m`, `PT90S`. */
export function parseDuration(value: unknown, field: string): number {
  const milliseconds = typeof value === 'number' ? value : typeof value === 'string' ? readText(value.trim()) : null
  if (milliseconds !== null && Number.isSafeInteger(milliseconds) && milliseconds >= 0) return milliseconds
  const message = `${field} is ${showValue(value)}, but a whole number of milliseconds or a text such as "90s", "5m", "1h30m", "PT90S" is allowed`
  throw new EverybeatError('ERR_EVERYBEAT_DURATION', message, { field, value })
}

function readText(text: string): number | null {
  if (/^\d+$/.test(text)) return Number(text)
  const compact = /^P/i.test(text) ? text.slice(1).replace(/T/i, '').toLowerCase() : text.toLowerCase()
  if (!/^(\d+(\.\d+)?(ms|[smhdw]))+$/.test(compact)) return null
  let total = 0
  for (const [, size, unit] of compact.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdw])/g))
    total += Number(size) * UNITS_MS[unit!]!
  return total
}
