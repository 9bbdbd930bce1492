import { EverybeatError, showValue } from '../errors.js'
import { daysInMonth, daysToDate } from './civil.js'
import { instantOfWall } from './wall-clock.js'
import { findZone } from './zone.js'

/** Reads an instant in epoch milliseconds: a Date, a number, or ISO 8601 text, which is read in `zone` when it has no offset. */
export function parseInstant(value: unknown, field: string, zone: string): number {
  const instant = value instanceof Date ? value.getTime() : typeof value === 'string' ? readText(value, zone) : value
  if (typeof instant === 'number' && Number.isInteger(instant) && Math.abs(instant) <= 8.64e15) return instant
  const message = `${field} is ${showValue(value)}, but a Date, epoch milliseconds or ISO 8601 text is allowed`
  throw new EverybeatError('ERR_EVERYBEAT_INSTANT', message, { field, value })
}

function readText(text: string, zone: string): number {
  const [, ...date] = (/^(\d{4})-(\d\d)-(\d\d)/.exec(text) ?? []).map(Number)
  if (!(date[1]! <= 12 && date[1]! >= 1 && date[2]! >= 1 && date[2]! <= daysInMonth(date[0]!, date[1]!))) return NaN
  if (/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text)) return Date.parse(text)
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?)?$/.exec(text)
  if (parts === null) return NaN
  const [year, month, day, hour = 0, minute = 0, second = 0] = parts.slice(1, 7).map((part) => Number(part ?? 0))
  if (Number.isNaN(Date.parse(`${text.slice(0, 10)}T00:00:00Z`)) || hour > 23 || minute > 59 || second > 59) return NaN
  const wall = daysToDate(year!, month!, day!) * 86_400 + hour * 3600 + minute * 60 + second
  return instantOfWall(findZone(zone), wall) * 1000 + Number((parts[7] ?? '').padEnd(3, '0'))
}
