import { preview as previewTrigger, type PreviewEntry, type PreviewOptions } from '../time/preview.js'
import type { TriggerInput } from '../time/trigger-input.js'
import { checkInteger, checkKeys, isPlainObject, wrongValue } from './field-values.js'
import { FIELD_NAMES } from './fields.js'

/**
 * The next occurrences of a definition, in order, each with a note if a clock change affects it. Reads no clock and
 * needs no Redis. The `name` in the definition applies if `options` has none. `limit` is counted from the first
 * occurrence shown; `jitter` moves starts, not occurrences.
 *
 * @example
 * preview({ cron: '30 2 * * *', tz: 'America/New_York' }, { from: '2026-03-08T00:00', count: 1 })
 * // [{ at: 2026-03-08T07:00:00.000Z, local: '2026-03-08 03:00:00 -04:00',
 * //    note: 'clocks go forward 02:00→03:00: 02:30 does not exist, fires at 03:00' }]
 * @throws {EverybeatError} `ERR_EVERYBEAT_DEFINITION` for an invalid definition, an unknown field or a wrong `limit`;
 *   as `createTrigger`; `ERR_EVERYBEAT_OPTIONS` for a wrong `count`, `ERR_EVERYBEAT_INSTANT` for a wrong `from`.
 */
export function preview(
  definition: TriggerInput & { readonly limit?: unknown; readonly name?: unknown },
  options: PreviewOptions,
): PreviewEntry[] {
  if (!isPlainObject(definition)) throw wrongValue('definition', definition, '{ cron, … }')
  checkKeys(definition, ['name', ...FIELD_NAMES], null)
  const { limit } = definition
  if (limit !== undefined && limit !== null) checkInteger(limit, 'limit', [1, Number.MAX_SAFE_INTEGER])
  return previewTrigger(definition, options)
}
