import type { DefinitionShape } from '../index.js'
import { durationText, isRecord, numberOf, type JsonRecord } from './records.js'

const UNCONVERTED = [
  'queue',
  'exchange',
  'routing_key',
  'priority',
  'headers',
  'countdown',
  'eta',
  'serializer',
  'compression',
  'delivery_mode',
  'retry',
  'retry_policy',
  'link',
  'link_error',
  'shadow',
  'time_limit',
  'soft_time_limit',
  'ignore_result',
]

/** The fields of every Celery entry except its schedule. */
export interface CeleryCall {
  args: unknown
  kwargs: unknown
  options: JsonRecord
}

/** The payload and the policies of a beat entry, and its options without a counterpart here. */
export function readCeleryCall({ args, kwargs, options }: CeleryCall): {
  definition: DefinitionShape
  notes: string[]
} {
  const notes: string[] = []
  for (const option of UNCONVERTED) {
    const value = options[option]
    const isEmpty = isRecord(value) && Object.keys(value).length === 0
    if (value === undefined || value === null || value === '' || isEmpty) continue
    notes.push(
      option === 'queue'
        ? `queue ${String(value as string)}: use pool when its workers are apart`
        : `${option} has no counterpart`,
    )
  }
  const expires = typeof options.expires === 'string' ? undefined : numberOf(options, 'expires')
  const grace = expires === undefined ? {} : ({ misfire: 'skip', misfireGrace: durationText(expires * 1000) } as const)
  return {
    definition: {
      payload: { args: Array.isArray(args) ? (args as unknown[]) : [], kwargs: isRecord(kwargs) ? kwargs : {} },
      ...grace,
      // Beat sends the next message whether or not the last one was worked off.
      overlap: 'allow',
    },
    notes,
  }
}
