import { toRecord } from './replies.js'

/**
 * The complete fields of a history entry. A stored entry omits empty fields and the run id of its own occurrence, and
 * holds fence and start as distances from the instant (`lib/history.lua`). An entry of an earlier version is complete
 * already.
 */
export function toHistoryFields(schedule: string, flat: readonly string[]): Record<string, string> {
  const stored = toRecord(flat)
  const at = stored.at ?? ''
  const near = (field: string): string | undefined => {
    const distance = stored[`+${field}`]
    return distance === undefined ? undefined : String(Number(at) + Number(distance))
  }
  const fence = stored.fence ?? near('fence')
  const started = stored.started ?? near('started')
  return {
    ...stored,
    run: stored.run ?? `${schedule}@${at}`,
    attempt: stored.attempt ?? (stored.outcome === 'skipped' ? '0' : '1'),
    ...(fence !== undefined && { fence }),
    ...(started !== undefined && { started }),
  }
}
