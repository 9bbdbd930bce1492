import { EverybeatError } from '../errors.js'
import type { Definition } from './definition.js'
import type { InstantRule } from './instant-rules.js'
import { decodeFields } from './hash-codec.js'
import { fingerprint } from './decide-plan.js'
import { parsePlan } from './plan-text.js'
import type { StoredSchedule } from './stored-schedule.js'

/** How an error begins that newer time-zone data may heal. */
export const UNKNOWN_ZONE = 'ERR_EVERYBEAT_ZONE'

/** Whether other time-zone data may give other instants: a time zone is named, and the rule is no plain interval. */
export function dependsOnZoneData({ given, trigger }: Pick<InstantRule, 'given' | 'trigger'>): boolean {
  return (given.tz ?? 'UTC') !== 'UTC' && trigger.arithmetic === undefined
}

/**
 * Whether the instants that are planned are others than this process computes: its time-zone data is other than that of
 * whichever worker planned them. What cannot be read, is not planned, or is planned from another text is not checked here.
 */
export function isPlannedOtherwise(schedule: StoredSchedule, nowMs: number): boolean {
  const { name, fields, state, digest } = schedule
  if (state.digest !== digest) return false
  const definition = tryDecode(name, fields)
  if (!definition || !dependsOnZoneData(definition)) return false
  // Older data did not know its zone.
  if (state.error?.startsWith(UNKNOWN_ZONE)) return true
  if (!state.trigger || state.paused !== undefined || !state.plan) return false
  // A single instant is part of the fingerprint. One that has run must not run again for having moved.
  if (fingerprint(definition) !== state.trigger) return definition.trigger.kind === 'at' && state.last === undefined
  const { instants, isClosed } = parsePlan(state.plan)
  const planned = instants.map(({ nominalMs }) => nominalMs).filter((atMs) => atMs > nowMs)
  // State may have been written by any program.
  const lastMs = Number(state.last)
  const afterMs = Number.isSafeInteger(lastMs) ? Math.max(nowMs, lastMs) : nowMs
  // Behind the end of a limited plan there may be more instants; what matters is that these are the first.
  const wanted = planned.length + (isClosed && definition.limit === null ? 1 : 0)
  const expected: number[] = []
  for (let atMs: number | null = afterMs; expected.length < wanted;) {
    atMs = definition.trigger.next(atMs)
    if (atMs === null) break
    expected.push(atMs)
  }
  return expected.length !== planned.length || expected.some((atMs, index) => atMs !== planned[index])
}

function tryDecode(name: string, fields: Readonly<Record<string, string>>): Definition | null {
  try {
    return decodeFields(name, fields)
  } catch (error) {
    if (error instanceof EverybeatError) return null
    throw error
  }
}
