import cronstrue from 'cronstrue'
import { showOffset, showWall } from './civil.js'
import { compileTrigger } from './create-trigger.js'
import { readCronText, isUnrestricted } from './cron-text.js'
import { parseDuration } from './duration.js'
import { parseInstant } from './instant.js'
import { readRruleText } from './rrule-text.js'
import { readKind, type TriggerInput } from './trigger-input.js'
import { findZone } from './zone.js'

/**
 * Describes in one sentence when a definition fires: `At 09:00, Monday through Friday, in Asia/Shanghai, except
 * 2026-12-25.` `name` is the schedule's name, the seed of `H`.
 * @throws {EverybeatError} as `createTrigger`.
 */
export function describe(definition: TriggerInput & { readonly name?: unknown }, name?: string): string {
  const { zone } = compileTrigger(definition, nameOf(definition, name))
  const parts = [describeTrigger(definition, nameOf(definition, name), zone.name)]
  const at = (value: unknown, field: string): string => showInstant(parseInstant(value, field, zone.name), zone.name)
  if (definition.exclude !== undefined) parts.push(`except ${[definition.exclude].flat().join(', ')}`)
  if (definition.skipNext !== undefined) parts.push(`leaving out ${at(definition.skipNext, 'skipNext')}`)
  if (definition.start !== undefined) parts.push(`from ${at(definition.start, 'start')}`)
  if (definition.end !== undefined) parts.push(`until ${at(definition.end, 'end')}`)
  return `${parts.join(', ')}.`
}

function nameOf(definition: { readonly name?: unknown }, name: string | undefined): string {
  return name ?? (typeof definition.name === 'string' ? definition.name : '')
}

function describeTrigger(definition: TriggerInput, name: string, zone: string): string {
  switch (readKind(definition)) {
    case 'cron':
      return `${describeCron(definition, name)}, in ${zone}`
    case 'every':
      return describeEvery(definition, zone)
    case 'at':
      return `Once, at ${showInstant(parseInstant(definition.at, 'at', zone), zone)}`
    case 'rrule':
      return describeRrule(definition.rrule, zone)
    case 'solar':
      return describeSolar(definition)
  }
}

function describeCron({ cron, dayMatch }: TriggerInput, name: string): string {
  const text = readCronText(cron, name, 'cron')
  const either = dayMatch !== 'and' && [text.fields[3]!, text.fields[5]!].every((items) => !isUnrestricted(items))
  try {
    const options = { use24HourTimeFormat: true, logicalAndDayFields: !either, throwExceptionOnParseError: true }
    const sentence = cronstrue.toString(text.normalized, options)
    return either ? sentence.replace(', and on ', ' or on ').replace(', and ', ' or ') : sentence
  } catch {
    // The library cannot describe some lists of special days.
    return `By the cron expression ${text.normalized}`
  }
}

function describeEvery({ every, anchor, spread }: TriggerInput, zone: string): string {
  const period = showDuration(parseDuration(every, 'every'))
  const from = anchor === undefined ? '' : `, counted from ${showInstant(parseInstant(anchor, 'anchor', zone), zone)}`
  return `Every ${period.replace(/^1 (\w+)$/, '$1')}${from}${spread === true ? ', shifted by the name' : ''}`
}

function describeRrule(rrule: unknown, zone: string): string {
  const { parts, start } = readRruleText(rrule)
  const unit = {
    SECONDLY: 'second',
    MINUTELY: 'minute',
    HOURLY: 'hour',
    DAILY: 'day',
    WEEKLY: 'week',
    MONTHLY: 'month',
    YEARLY: 'year',
  }[parts.get('FREQ') as 'DAILY']
  const interval = parts.get('INTERVAL') ?? '1'
  const rest = [...parts]
    .filter(([key]) => key !== 'FREQ' && key !== 'INTERVAL')
    .map(([key, value]) => `${key} ${value}`)
  const every = interval === '1' ? `Every ${unit}` : `Every ${interval} ${unit}s`
  const from = `${showWall(start.wall)}${start.clock === 'utc' ? ' UTC' : ''}`
  return `${every} from ${from}${rest.length === 0 ? '' : ` (${rest.join(', ')})`}, in ${zone}`
}

function describeSolar({ solar, lat, lon }: TriggerInput): string {
  const [, event = '', sign, size] = /^\s*([a-z]+)(?:([+-])(.+))?$/i.exec(String(solar)) ?? []
  const offset = size === undefined ? 0 : parseDuration(size.trim(), 'solar')
  const shift = offset === 0 ? 'At' : `${capitalize(showDuration(offset))} ${sign === '-' ? 'before' : 'after'}`
  return `${shift} ${event.toLowerCase()} at latitude ${String(lat)}, longitude ${String(lon)}`
}

function showDuration(milliseconds: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, 'day'],
    [3_600_000, 'hour'],
    [60_000, 'minute'],
    [1000, 'second'],
    [1, 'millisecond'],
  ]
  let rest = milliseconds
  const shown: string[] = []
  for (const [size, unit] of units) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) shown.push(`${count} ${unit}${count === 1 ? '' : 's'}`)
  }
  return shown.join(' ')
}

function showInstant(instant: number, zone: string): string {
  const second = Math.floor(instant / 1000)
  const { offset } = findZone(zone).segmentAt(second)
  return `${showWall(second + offset)} ${showOffset(offset)}`
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
