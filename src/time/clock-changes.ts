import { showDate, showTime, DAY_SECONDS } from './civil.js'
import { isRemovedDay, type WallClockRule, type WallTimes } from './wall-occurrences.js'
import type { Segment, Zone } from './zone.js'

/** The effect of a clock change on a trigger, as a sentence. */
export interface ClockChange {
  /** The first occurrence that the change affects, or the change itself if it removes an occurrence, epoch ms. */
  readonly at: number
  readonly text: string
  /** The day of the change (a day number on the wall clock); null if the text names it. */
  readonly day: number | null
}

type Effect = Omit<ClockChange, 'day'>

const MAX_SHOWN = 3

/**
 * The clock changes of a zone after `fromMs` and up to `toMs` that affect a trigger. `rule` is null for a trigger that
 * does not use the wall clock.
 */
export function findClockChanges(zone: Zone, rule: WallClockRule | null, fromMs: number, toMs: number): ClockChange[] {
  const found: ClockChange[] = []
  let segment = zone.segmentAt(Math.floor(fromMs / 1000))
  while (segment.end * 1000 <= toMs) {
    segment = zone.segmentAt(segment.end)
    if (segment.offset === segment.offsetBefore) continue
    const change = rule === null ? describeRealTime(segment) : describeChange(segment, rule)
    const [before, after] = [segment.offsetBefore, segment.offset].map((offset) =>
      Math.floor((segment.start + offset) / DAY_SECONDS),
    )
    if (change !== null) found.push({ ...change, day: before === after ? before! : null })
  }
  return found
}

function describeRealTime(segment: Segment): Effect {
  return { at: segment.start * 1000, text: `${showChange(segment)}: real time counts, so the local time moves` }
}

function describeChange(segment: Segment, rule: WallClockRule): Effect | null {
  const forward = segment.offset > segment.offsetBefore
  const low = segment.start + Math.min(segment.offset, segment.offsetBefore)
  const high = segment.start + Math.max(segment.offset, segment.offsetBefore)
  const first = rule.times.next(low, high)
  if (first >= high) return null
  const times = listTimes(rule.times, first, high)
  if (rule.followsRealTime) {
    const what = forward ? 'the lost times are not made up' : 'the repeated times fire in both passes'
    return { at: segment.start * 1000, text: `${showChange(segment)}: continues in real time, ${what}` }
  }
  return forward ? describeGap(segment, rule, first, times) : describeOverlap(segment, rule, first, times)
}

function describeGap(segment: Segment, rule: WallClockRule, first: number, times: number[]): Effect {
  const one = times.length === 1
  const lost = `${showChange(segment)}: ${showTimes(times)} ${one ? 'does' : 'do'} not exist`
  const at = segment.start * 1000
  if (isRemovedDay(segment)) return { at, text: `${lost}, the occurrences of a whole lost day are skipped` }
  if (rule.rules.gap === 'skip') return { at, text: `${lost}, ${one ? 'does' : 'do'} not fire` }
  if (rule.rules.gap === 'first-instant') {
    return { at, text: `${lost}, ${one ? 'fires' : 'fire once'} at ${showShort(segment.start + segment.offset)}` }
  }
  const moved = times.map((time) => time - segment.offsetBefore + segment.offset)
  const text = `${lost}, ${one ? 'fires' : 'fire'} at ${showTimes(moved)}`
  return { at: (first - segment.offsetBefore) * 1000, text }
}

function describeOverlap(segment: Segment, rule: WallClockRule, first: number, times: number[]): Effect {
  const [come, fire] = times.length === 1 ? ['comes', 'fires'] : ['come', 'fire']
  const when = { first: 'the first time only', last: 'the second time only', both: 'both times' }[rule.rules.overlap]
  const offset = rule.rules.overlap === 'last' ? segment.offset : segment.offsetBefore
  return {
    at: (first - offset) * 1000,
    text: `${showChange(segment)}: ${showTimes(times)} ${come} twice, ${fire} ${when}`,
  }
}

/** `clocks go forward 02:00→03:00`, with the dates if the change crosses midnight. */
function showChange(segment: Segment): string {
  const before = segment.start + segment.offsetBefore
  const after = segment.start + segment.offset
  const crosses = Math.floor(before / DAY_SECONDS) !== Math.floor(after / DAY_SECONDS)
  const show = (wall: number): string =>
    crosses ? `${showDate(Math.floor(wall / DAY_SECONDS))} ${showShort(wall)}` : showShort(wall)
  return `clocks go ${after > before ? 'forward' : 'back'} ${show(before)}→${show(after)}`
}

function listTimes(times: WallTimes, first: number, end: number): number[] {
  const found: number[] = []
  for (let wall = first; wall < end && found.length <= MAX_SHOWN; wall = times.next(wall + 1, end)) found.push(wall)
  return found
}

function showTimes(times: readonly number[]): string {
  const shown = times.slice(0, MAX_SHOWN).map(showShort)
  return times.length > MAX_SHOWN
    ? `${shown.join(', ')} and more`
    : shown.join(' and ').replace(/ and (?=.* and )/g, ', ')
}

function showShort(wall: number): string {
  return showTime(wall).replace(/:00$/, '')
}
