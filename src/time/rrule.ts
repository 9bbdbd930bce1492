import { DAY_SECONDS } from './civil.js'
import { limitOccurrences } from './limits.js'
import type { OccurrenceSource } from './occurrence-source.js'
import { RruleDays } from './rrule-days.js'
import { isSubDaily, readRule, type RruleRule } from './rrule-rule.js'
import { readTime, refuseRrule, type RruleText, type RruleTime } from './rrule-text.js'
import { DailyTimes, PlacedTimes, SpacedTimes } from './rrule-times.js'
import { TimesOfDay } from './times-of-day.js'
import { instantOfWall, wallOfInstant } from './wall-clock.js'
import {
  REAL_TIME_RULES,
  SEARCH_SECONDS,
  WallOccurrences,
  type DstRules,
  type WallClockRule,
  type WallTimes,
} from './wall-occurrences.js'
import type { Zone } from './zone.js'

/**
 * Creates the occurrences of an RFC 5545 rule from `readRruleText`. The rule uses the wall clock of the zone. Times
 * that the zone skips or repeats are treated as those of a cron: a rule of days or longer has fixed times, a rule of
 * hours, minutes or seconds follows real time.
 * @throws {EverybeatError} `ERR_EVERYBEAT_TRIGGER`.
 */
export function createRrule(
  input: unknown,
  text: RruleText,
  zone: Zone,
  rules: DstRules,
): { readonly source: OccurrenceSource; readonly rule: WallClockRule } {
  const rule = readRule(input, text.parts)
  const wallOf = (time: RruleTime): number => (time.clock === 'utc' ? wallOfInstant(zone, time.wall) : time.wall)
  const startWall = wallOf(text.start)
  const times = createTimes(input, rule, startWall)
  if (times.next(startWall, startWall + SEARCH_SECONDS) === Infinity) {
    refuseRrule(input, 'it never fires in the 100 years after DTSTART; allowed: rules that fire')
  }
  const followsRealTime = isSubDaily(rule.frequency)
  const effective = followsRealTime ? REAL_TIME_RULES : rules
  const ruleOccurrences = new WallOccurrences(notBefore(times, startWall), zone, effective)
  const endMs = Math.min(untilOf(input, rule, zone), endOfCount(rule, ruleOccurrences, instantOfWall(zone, startWall)))
  const bounded = limitOccurrences(ruleOccurrences, { startMs: -Infinity, endMs, exclusions: [], skipMs: null })
  const extra = text.extraTimes.map(wallOf)
  const except = text.exceptTimes.map(wallOf)
  const wallClock = { times, rules: effective, followsRealTime }
  if (extra.length === 0 && except.length === 0) return { source: bounded, rule: wallClock }
  const place = (walls: readonly number[]) => new WallOccurrences(listTimes(walls), zone, effective)
  return { source: combine(bounded, place(extra), place(except)), rule: wallClock }
}

function createTimes(input: unknown, rule: RruleRule, startWall: number): WallTimes {
  const days = new RruleDays(rule, Math.floor(startWall / DAY_SECONDS))
  const times = createTimesOfDay(rule, startWall)
  if (rule.positions.length > 0) return new PlacedTimes(days, times, rule.positions)
  if (!isSubDaily(rule.frequency)) return new DailyTimes(days, times)
  const spaced = new SpacedTimes(rule, days, times, startWall)
  if (spaced.isEmpty) refuseRrule(input, 'INTERVAL never meets BYHOUR, BYMINUTE and BYSECOND; allowed: rules that fire')
  return spaced
}

/** Absent times come from DTSTART, except those that the frequency steps through. */
function createTimesOfDay({ frequency, hours, minutes, seconds }: RruleRule, startWall: number): TimesOfDay {
  const pick = (given: readonly number[], runsThrough: boolean, size: number, unit: number): ReadonlySet<number> => {
    if (given.length > 0) return new Set(given)
    if (runsThrough) return new Set(Array.from({ length: size }, (_, value) => value))
    const value = Math.floor(startWall / unit)
    return new Set([value - Math.floor(value / size) * size])
  }
  return new TimesOfDay(
    pick(hours, isSubDaily(frequency), 24, 3600),
    pick(minutes, frequency === 'MINUTELY' || frequency === 'SECONDLY', 60, 60),
    pick(seconds, frequency === 'SECONDLY', 60, 1),
  )
}

function notBefore(times: WallTimes, startWall: number): WallTimes {
  return {
    next: (wall, limit) => times.next(Math.max(wall, startWall), limit),
    previous(wall, limit) {
      const found = times.previous(wall, Math.max(limit, startWall))
      return found < startWall ? -Infinity : found
    },
  }
}

function listTimes(walls: readonly number[]): WallTimes {
  const sorted = [...walls].sort((left, right) => left - right)
  return {
    next: (wall) => sorted.find((time) => time >= wall) ?? Infinity,
    previous: (wall) => sorted.findLast((time) => time <= wall) ?? -Infinity,
  }
}

/** The last instant that UNTIL allows; a bare date allows its whole day. */
function untilOf(input: unknown, rule: RruleRule, zone: Zone): number {
  if (rule.until === null) return Infinity
  const until = readTime(input, 'UNTIL', rule.until)
  if (until.clock === 'utc') return until.wall * 1000
  return instantOfWall(zone, until.dateOnly ? until.wall + DAY_SECONDS - 1 : until.wall) * 1000
}

/** The instant of the last counted occurrence: COUNT counts the occurrences that fire. */
function endOfCount(rule: RruleRule, source: OccurrenceSource, startSecond: number): number {
  if (rule.count === null) return Infinity
  // A rule ends at this horizon also if COUNT is not reached.
  const horizon = (startSecond + 2 * SEARCH_SECONDS) * 1000
  // If a gap removes DTSTART, the first occurrence may precede the instant that replaces it.
  let last = (startSecond - 2 * DAY_SECONDS) * 1000
  for (let count = 0; count < rule.count && last < horizon; count++) last = source.next(last) ?? horizon
  return last
}

function combine(rule: OccurrenceSource, extra: OccurrenceSource, except: OccurrenceSource): OccurrenceSource {
  const step = (direction: 'next' | 'previous', from: number): number | null => {
    const found = [rule[direction](from), extra[direction](from)].filter((at) => at !== null)
    if (found.length === 0) return null
    return direction === 'next' ? Math.min(...found) : Math.max(...found)
  }
  const search = (direction: 'next' | 'previous', from: number): number | null => {
    let at = step(direction, from)
    while (at !== null && except.next(at - 1) === at) at = step(direction, at)
    return at
  }
  return { next: (afterMs) => search('next', afterMs), previous: (beforeMs) => search('previous', beforeMs) }
}
