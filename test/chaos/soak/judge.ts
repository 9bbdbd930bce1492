/** One value that was read again and again, in the order of time. */
export interface Series {
  readonly name: string
  readonly unit: 'bytes' | 'count'
  readonly values: readonly number[]
}

/** Largest growth of a series over the second half of a run: this amount, plus this share of its median. */
export interface Allowance {
  readonly most: number
  readonly share: number
}

/** What became of a series. */
export interface Judgement {
  readonly name: string
  readonly unit: Series['unit']
  /** The median of the second half. */
  readonly level: number
  /** What it gained over the second half, by its slope; what a single outlier did does not count. */
  readonly growth: number
  readonly allowed: number
  readonly isFlat: boolean
}

/** Fewer values than this in the second half say nothing. */
const LEAST_VALUES = 5

/**
 * Judges whether a series is flat once everything that has a bound has filled: in the second half of the run. The slope
 * is the median of the slopes between all pairs of values (Theil and Sen).
 *
 * @throws Error when there are too few values to say anything
 */
export function judge({ name, unit, values }: Series, { most, share }: Allowance): Judgement {
  const half = values.slice(Math.floor(values.length / 2))
  if (half.length < LEAST_VALUES) throw new Error(`${name}: ${values.length} values are too few to judge`)
  const slopes: number[] = []
  for (let right = 1; right < half.length; right += 1) {
    for (let left = 0; left < right; left += 1) slopes.push((half[right]! - half[left]!) / (right - left))
  }
  const level = median(half)
  const growth = median(slopes) * (half.length - 1)
  const allowed = most + share * level
  return { name, unit, level, growth, allowed, isFlat: growth <= allowed }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
