import { parseDouble, parseInteger } from '../data/number-text.js'
import type { Ranked, SortedSet } from '../data/sorted-set.js'
import { CommandError, syntaxError } from '../store/reply.js'
import { parseRange, resolveRange } from './lists.js'

/** A part of the order: from one index up to another, without the latter. */
export interface Part {
  readonly start: number
  readonly end: number
}

/** The options after the two ends of a range. */
export interface RangeOptions {
  readonly by: 'rank' | 'score' | 'lex'
  readonly isReversed: boolean
  readonly withScores: boolean
  readonly offset: number
  readonly count: number
}

/** Chooses a part of any sorted set; the range is parsed before the set is read. */
export type Chooser = (set: SortedSet) => Part

/** The part between two scores; `(` excludes a score. */
export function partByScore(from: string, to: string): Chooser {
  const [least, most] = [readBound(from), readBound(to)]
  return (set) => {
    const start = set.firstWhere(({ score }) => (least.isOpen ? score > least.value : score >= least.value))
    const end = set.firstWhere(({ score }) => (most.isOpen ? score >= most.value : score > most.value))
    return { start, end: Math.max(start, end) }
  }
}

function readBound(text: string): { value: number; isOpen: boolean } {
  const isOpen = text.startsWith('(')
  return { value: parseDouble(isOpen ? text.slice(1) : text, 'ERR min or max is not a float'), isOpen }
}

/** The part between two texts, of members with equal scores. */
export function partByLex(from: string, to: string): Chooser {
  const [least, most] = [readText(from), readText(to)]
  return (set) => {
    const start = set.firstWhere(({ member }) => isBehind(member, least, true))
    const end = set.firstWhere(({ member }) => isBehind(member, most, false))
    return { start, end: Math.max(start, end) }
  }
}

/** The part between two ranks; negative ones count from the end. */
export function partByRank(from: string, to: string): Chooser {
  const range = parseRange(from, to)
  return (set) => {
    const [start, end] = resolveRange(range, set.size)
    return { start: Math.min(start, set.size), end: Math.max(Math.min(start, set.size), Math.min(end, set.size)) }
  }
}

type TextBound = { kind: 'least' | 'most' } | { kind: 'text'; text: string; isOpen: boolean }

function readText(text: string): TextBound {
  if (text === '-') return { kind: 'least' }
  if (text === '+') return { kind: 'most' }
  if (text.startsWith('[') || text.startsWith('(')) {
    return { kind: 'text', text: text.slice(1), isOpen: text.startsWith('(') }
  }
  throw new CommandError('ERR min or max not valid string range item')
}

/** Whether a member is behind a bound; one that is equal is so if the bound begins a range and belongs to it, or ends one and does not. */
function isBehind(member: string, bound: TextBound, begins: boolean): boolean {
  if (bound.kind !== 'text') return bound.kind === 'least'
  if (member === bound.text) return begins !== bound.isOpen
  return member > bound.text
}

/** Reads the options after the two ends of a range. */
export function readRangeOptions(words: readonly string[], known: Partial<RangeOptions> = {}): RangeOptions {
  const found = { by: 'rank' as RangeOptions['by'], isReversed: false, withScores: false, ...known }
  let limit: [number, number] | null = null
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]!.toLowerCase()
    if (word === 'withscores') found.withScores = true
    else if (word === 'byscore') found.by = 'score'
    else if (word === 'bylex') found.by = 'lex'
    else if (word === 'rev') found.isReversed = true
    else if (word === 'limit' && at + 2 < words.length) {
      limit = [parseInteger(words[at + 1]), parseInteger(words[at + 2])]
      at += 2
    } else throw syntaxError()
  }
  if (limit && found.by === 'rank') {
    throw new CommandError('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  }
  if (found.withScores && found.by === 'lex') {
    throw new CommandError('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  }
  return { ...found, offset: limit?.[0] ?? 0, count: limit?.[1] ?? -1 }
}

/** Gives the entries of a range in the requested order. */
export function rangeSelector(from: string, to: string, options: RangeOptions): (set: SortedSet) => Ranked[] {
  const { by, isReversed, offset, count } = options
  const wanted = count < 0 ? Number.POSITIVE_INFINITY : count
  if (by === 'rank') {
    const choose = partByRank(from, to)
    return (set) => {
      const { start, end } = choose(set)
      return isReversed ? set.order.slice(set.size - end, set.size - start).reverse() : set.order.slice(start, end)
    }
  }
  const [least, most] = isReversed ? [to, from] : [from, to]
  const choose = by === 'score' ? partByScore(least, most) : partByLex(least, most)
  return (set) => {
    const part = choose(set)
    if (offset < 0) return []
    if (!isReversed) return set.order.slice(part.start + offset, Math.min(part.end, part.start + offset + wanted))
    const end = part.end - offset
    return set.order.slice(Math.max(part.start, end - wanted), Math.max(part.start, end)).reverse()
  }
}
