import type { ZoneClock } from './zone-clock.js'

/** What a random expression means, known from how it was made and not from its text. */
export interface Meaning {
  readonly seconds: ReadonlySet<number>
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly namesDay: (year: number, month: number, day: number) => boolean
  readonly intervalLike: boolean
}

export interface WalkRules {
  readonly gap: 'first-instant' | 'shift' | 'skip'
  readonly overlap: 'first' | 'last' | 'both'
}

const DAY = 86_400

/**
 * Walks a zone's real minutes one after the other, looks at the wall clock in each, and collects the seconds that fire,
 * strictly after `after` and before `until`. Dates and hours that cannot match are
 * stepped over, but only where the clock runs evenly through them.
 */
export function walk(
  meaning: Meaning,
  rules: WalkRules,
  clock: ZoneClock,
  after: number,
  until: number,
  count: number,
): number[] {
  const effective: WalkRules = meaning.intervalLike ? { gap: 'skip', overlap: 'both' } : rules
  const seconds = [...meaning.seconds].sort((left, right) => left - right)
  const fires = new Set<number>()
  const fire = (at: number): void => void (at > after && fires.add(at))
  // A time that a gap moves may come a day late, so the walk starts a day early.
  let minute = (Math.floor(after / 60) - 1500) * 60
  while (minute < until) {
    const steady = clock.steadyOffset(minute)
    const offset = steady ?? clock.offsetAt(minute)
    const before = steady ?? clock.offsetAt(minute - 60)
    const wall = minute + offset
    if (offset > before && effective.gap !== 'skip' && offset - before < DAY) {
      for (let lost = minute + before; lost < wall; lost += 60) {
        if (!namesMinute(meaning, lost)) continue
        if (effective.gap === 'first-instant') fire(minute)
        else for (const second of seconds) fire(lost + second - before)
      }
    }
    if (namesMinute(meaning, wall) && (steady !== null || isPass(effective.overlap, clock, minute, wall))) {
      for (const second of seconds) fire(minute + second)
    }
    if (fires.size >= count && !movedMayFollow(effective, clock, minute)) break
    minute = steady === null ? stepNearChange(meaning, clock, minute, wall) : leap(meaning, wall) - offset
  }
  return [...fires].sort((left, right) => left - right).slice(0, count)
}

function namesMinute(meaning: Meaning, wall: number): boolean {
  if (!meaning.minutes.has(Math.floor(wall / 60) % 60) || !meaning.hours.has(Math.floor(wall / 3600) % 24)) return false
  return namesDate(meaning, wall)
}

function namesDate(meaning: Meaning, wall: number): boolean {
  const date = new Date(wall * 1000)
  return meaning.namesDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate())
}

/** Whether this instant is the pass through its wall-clock minute that counts. */
function isPass(overlap: WalkRules['overlap'], clock: ZoneClock, minute: number, wall: number): boolean {
  if (overlap === 'both') return true
  const offsets = [clock.offsetAt(minute - DAY), clock.offsetAt(minute), clock.offsetAt(minute + DAY)]
  const passes = offsets.map((offset) => wall - offset).filter((at, index) => clock.offsetAt(at) === offsets[index])
  return minute === (overlap === 'first' ? Math.min(...passes) : Math.max(...passes))
}

/** With `shift`, a later minute may hold a moved time that comes before the ones found. */
function movedMayFollow(rules: WalkRules, clock: ZoneClock, minute: number): boolean {
  return rules.gap === 'shift' && clock.offsetAt(minute - DAY) < clock.offsetAt(minute)
}

/** The next minute; the next hour where the clock runs evenly through this one and it cannot match. */
function stepNearChange(meaning: Meaning, clock: ZoneClock, minute: number, wall: number): number {
  const nextHour = minute + 3600 - (wall % 3600)
  if (meaning.hours.has(Math.floor(wall / 3600) % 24) && namesDate(meaning, wall)) return minute + 60
  const offset = clock.offsetAt(minute)
  return clock.offsetAt(nextHour - 60) === offset && clock.offsetAt(nextHour) === offset ? nextHour : minute + 60
}

/** The next wall-clock minute worth a look on a clock that runs evenly. */
function leap(meaning: Meaning, wall: number): number {
  if (!namesDate(meaning, wall)) return wall + DAY - (wall % DAY)
  if (!meaning.hours.has(Math.floor(wall / 3600) % 24)) return wall + 3600 - (wall % 3600)
  return wall + 60
}
