import type { UsedTimes } from './exclusion-cron.js'
import { hashBelow } from './hash.js'
import type { OccurrenceSource } from './occurrence-source.js'
import { LAST_SECOND } from './zone.js'

/** Occurrences at `k × periodMs + phaseMs` for every integer k; 0 ≤ phaseMs < periodMs. */
export interface Every extends OccurrenceSource {
  readonly periodMs: number
  readonly phaseMs: number
}

/** A grid of instants through `anchorMs`. With `spreadName` the grid is shifted by a hash of that name. */
export function createEvery(periodMs: number, anchorMs: number, spreadName: string | null): Every {
  const shift = spreadName === null ? 0 : hashBelow(`every:${spreadName}`, periodMs)
  const phaseMs = modulo(modulo(anchorMs, periodMs) + shift, periodMs)
  const bound = (instant: number): number | null => (Math.abs(instant) <= LAST_SECOND * 1000 ? instant : null)
  return {
    periodMs,
    phaseMs,
    next: (afterMs) => {
      const after = Math.floor(afterMs)
      return bound(after - modulo(after - phaseMs, periodMs) + periodMs)
    },
    previous: (beforeMs) => {
      const last = Math.ceil(beforeMs) - 1
      return bound(last - modulo(last - phaseMs, periodMs))
    },
  }
}

/** The wall-clock times that a grid can have in a zone whose offset is a multiple of a quarter of an hour. */
export function usedTimes({ periodMs, phaseMs }: Pick<Every, 'periodMs' | 'phaseMs'>): UsedTimes {
  const all = Array.from({ length: 60 }, (_, value) => value)
  const second = Math.floor(phaseMs / 1000)
  const seconds = periodMs % 1000 === 0 ? all.map((step) => (second + step * (periodMs / 1000)) % 60) : all
  const minute = Math.floor(second / 60)
  const minutes = periodMs % 60_000 === 0 ? all.map((step) => minute + step * (periodMs / 60_000)) : all
  const shifted = minutes.flatMap((value) => [0, 15, 30, 45].map((shift) => (value + shift) % 60))
  return { seconds: new Set(seconds), minutes: new Set(shifted), hours: new Set(all.slice(0, 24)) }
}

function modulo(value: number, size: number): number {
  const rest = value % size
  return rest < 0 ? rest + size : rest + 0
}
