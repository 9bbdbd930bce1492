import { toRecord } from './replies.js'

/**
 * The complete fields of a history entry. A stored entry omits empty fields and the run id of its own occurrence, and
 * holds fence and start as distances from the instant: in fields of their own, or in the text `ran`
 * (`lib/history.lua`). An entry of an earlier version is complete already.
 */
export function toHistoryFields(schedule: string, flat: readonly string[]): Record<string, string> {
  const { ran, ...stored } = toRecord(flat)
  const at = stored.at ?? ''
  const near = (distance: string | undefined): string | undefined =>
    distance === undefined ? undefined : String(Number(at) + Number(distance))
  const fence = stored.fence ?? near(stored['+fence'])
  const started = stored.started ?? near(stored['+started'])
  return {
    run: `${schedule}@${at}`,
    attempt: stored.outcome === 'skipped' ? '0' : '1',
    ...(fence !== undefined && { fence }),
    ...(started !== undefined && { started }),
    ...(ran !== undefined && readRan(ran, near)),
    ...stored,
  }
}

/**
 * Reads `<worker> <fence> <duration> <wait>[ <started>]`. Without a start, the start follows from the fence; the
 * lateness is the wait since then.
 */
function readRan(ran: string, near: (distance: string | undefined) => string | undefined): Record<string, string> {
  const [worker = '', fence = '0', duration = '', wait = '0', started] = ran.split(' ')
  const claimed = Math.max(Number(fence), 0)
  return {
    worker,
    fence: near(fence)!,
    started: near(started ?? String(claimed))!,
    duration,
    lateness: String(claimed + Number(wait)),
  }
}
