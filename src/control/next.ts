import type { Definition } from '../schedule/definition.js'
import { DateTime } from '../time/luxon.js'

/** One instant to come: in UTC, in the schedule's zone, and what is special about it. */
export interface NextInstant {
  at: Date
  local: string
  note?: string
}

/** The next instants of a definition strictly after an instant, at most `count`, and at most `remaining` of a limit. */
export function nextInstants(
  definition: Definition,
  afterMs: number,
  count: number,
  remaining: number | null,
): NextInstant[] {
  const zone = definition.given.tz ?? 'UTC'
  const found: NextInstant[] = []
  let atMs = definition.trigger.next(afterMs)
  while (atMs !== null && found.length < Math.min(count, remaining ?? count)) {
    found.push({ at: new Date(atMs), local: DateTime.fromMillis(atMs, { zone }).toFormat("yyyy-LL-dd'T'HH:mm:ssZZ") })
    atMs = definition.trigger.next(atMs)
  }
  return found
}
