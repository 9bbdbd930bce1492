import type { DefinitionShape } from '../index.js'
import { parseYaml } from '../definition-files/index.js'
import { draftEntry, Refusal, type ConvertOptions, type Draft, type RefusedDraft } from './entry.js'
import { readEventbridgeExpression } from './eventbridge-expression.js'
import { instantText, isRecord, numberOf, textOf, type JsonRecord } from './records.js'

/**
 * Converts schedules and rules of EventBridge: what `aws scheduler get-schedule`, `aws scheduler list-schedules` and
 * `aws events list-rules` write, a list of these, or the resources of a CloudFormation template.
 */
export function convertEventbridge(text: string, options: ConvertOptions): (Draft | RefusedDraft)[] {
  const file = options.file ?? 'schedules'
  return parseYaml(text, file)
    .flatMap(({ value }) => collectSchedules(value))
    .map(({ name, schedule }) =>
      draftEntry({ name, source: `${file}: ${name}` }, () => convertSchedule(schedule, name, options)),
    )
}

function collectSchedules(value: unknown): { name: string; schedule: JsonRecord }[] {
  if (Array.isArray(value)) return value.flatMap(collectSchedules)
  if (!isRecord(value)) return []
  if (isRecord(value.Resources)) {
    return Object.entries(value.Resources).flatMap(([id, resource]) => {
      const properties = isRecord(resource) && isRecord(resource.Properties) ? resource.Properties : {}
      return typeof properties.ScheduleExpression === 'string'
        ? [{ name: typeof properties.Name === 'string' ? properties.Name : id, schedule: properties }]
        : []
    })
  }
  for (const list of [value.Schedules, value.Rules]) if (Array.isArray(list)) return list.flatMap(collectSchedules)
  // A rule without an expression waits for events, and has no schedule.
  if (typeof value.Name === 'string' && ('ScheduleExpression' in value || isRecord(value.Target)))
    return [{ name: value.Name, schedule: value }]
  return []
}

function convertSchedule(schedule: JsonRecord, name: string, options: ConvertOptions): Omit<Draft, 'name' | 'source'> {
  const expression = textOf(schedule, 'ScheduleExpression')
  if (expression === undefined)
    throw new Refusal('the list says no ScheduleExpression', 'aws scheduler get-schedule --name <name>, which says it')
  const start = dateOf(schedule, 'StartDate')
  const end = dateOf(schedule, 'EndDate')
  const tz = textOf(schedule, 'ScheduleExpressionTimezone') ?? options.tz
  const { trigger, notes } = readEventbridgeExpression(expression, tz, start ?? dateOf(schedule, 'CreationDate'))
  const note = textOf(schedule, 'Description')
  const target = isRecord(schedule.Target) ? schedule.Target : {}
  const arn = textOf(target, 'Arn')
  const isRule = 'EventBusName' in schedule || (typeof schedule.Arn === 'string' && schedule.Arn.includes(':rule/'))
  return {
    definition: {
      ...trigger,
      ...(start !== undefined && trigger.start === undefined && { start }),
      ...(end !== undefined && trigger.end === undefined && { end }),
      payload: readInput(textOf(target, 'Input')),
      overlap: 'allow',
      ...readWindow(schedule),
      ...(textOf(schedule, 'State') === 'DISABLED' && { enabled: false }),
      ...(note !== undefined && note !== '' && { note }),
    },
    notes: [...notes, ...(arn === undefined ? [] : [`its target was ${arn}; here it is the task ${name}, or --task`])],
    switchOff: isRule
      ? `aws events disable-rule --name ${name}`
      : `aws scheduler update-schedule --name ${name} --state DISABLED …`,
  }
}

function readWindow(schedule: JsonRecord): DefinitionShape {
  const window = isRecord(schedule.FlexibleTimeWindow) ? schedule.FlexibleTimeWindow : {}
  const minutes = window.Mode === 'FLEXIBLE' ? numberOf(window, 'MaximumWindowInMinutes') : undefined
  return minutes === undefined ? {} : { jitter: `${minutes}m` }
}

// The AWS CLI writes ISO 8601 text or epoch seconds.
function dateOf(schedule: JsonRecord, field: string): string | undefined {
  const value = schedule[field]
  if (value === undefined || value === null) return undefined
  return instantText(typeof value === 'number' ? value * 1000 : value, field)
}

function readInput(text: string | undefined): unknown {
  if (text === undefined) return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
