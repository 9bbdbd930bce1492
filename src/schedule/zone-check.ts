import { EverybeatError } from '../errors.js'
import type { Definition } from './definition.js'
import type { InstantRule } from './instant-rules.js'
import { decodeFields } from './hash-codec.js'
import { fingerprint } from './decide-plan.js'
import { parsePlan } from './plan-text.js'
import type { StoredSchedule } from './stored-schedule.js'

/** Begin of an error that newer time-zone data may remove. */
export const UNKNOWN_ZONE = 'ERR_EVERYBEAT_ZONE'

/**
 * Whether the instants may depend on time-zone data: the definition names a time zone, and its rule is no plain
 * interval.
 */
export function dependsOnZoneData({ given, trigger }: Pick<InstantRule, 'given' | 'trigger'>): boolean {
  return (given.tz ?? 'UTC') !== 'UTC' && trigger.arithmetic === undefined
}

/**
 * Whether the planned instants differ from those of this process, because another worker with other time-zone data
 * planned them. A schedule that is invalid, not planned, or planned from another text is not checked here.
 */
export function isPlannedOtherwise(schedule: StoredSchedule, nowMs: number): boolean {
  const { name, fields, state, digest } = schedule
  if (state.digest !== digest) return false
  const definition = tryDecode(name, fields)
  if (!definition || !dependsOnZoneData(definition)) return false
  // Older data did not know its zone.
  if (state.error?.startsWith(UNKNOWN_ZONE)) return true
  if (!state.trigger || state.paused !== undefined || !state.plan) return false
  // The instant of `at` is part of the fingerprint. An `at` that has run must not run again because its instant moved.
  if (fingerprint(definition) !== state.trigger) return definition.trigger.kind === 'at' && state.last === undefined
  const { instants, isClosed } = parsePlan(state.plan)
  const planned = instants.map(({ nominalMs }) => nominalMs).filter((atMs) => atMs > nowMs)
  // Any program may have written the state.
  const lastMs = Number(state.last)
  const afterMs = Number.isSafeInteger(lastMs) ? Math.max(nowMs, lastMs) : nowMs
  // After the end of a limited plan more instants may follow; only the planned ones are compared.
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
