import { EverybeatError, showValue } from '../../errors.js'

/**
 * A distribution of durations, ms: a list of measured values, evenly from `min` to `max`, normal by `mean` and
 * `stddev`, or skewed, as most durations are, by the median `p50` and the 99th percentile `p99`.
 */
export type Distribution =
  | readonly number[]
  | { readonly min: number; readonly max: number }
  | { readonly mean: number; readonly stddev: number }
  | { readonly p50: number; readonly p99: number }

/** Standard deviations of the logarithm between the median and the 99th percentile. */
const DEVIATIONS_TO_P99 = 2.326

/** @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an invalid distribution */
export function checkDistribution(field: string, value: Distribution): void {
  const numbers: unknown[] = Array.isArray(value) ? value : Object.values(value)
  const names = Array.isArray(value) ? '' : Object.keys(value).sort().join()
  const isKnown = ['', 'max,min', 'mean,stddev', 'p50,p99'].includes(names)
  if (isKnown && numbers.length > 0 && numbers.every((each) => typeof each === 'number' && each >= 0)) return
  const message = `${field}: ${showValue(value)} cannot be used; allowed: a list of ms, { min, max }, { mean, stddev } or { p50, p99 }`
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value })
}

/** One duration, ms. */
export function drawDuration(distribution: Distribution, random: () => number): number {
  if ('min' in distribution) return distribution.min + random() * (distribution.max - distribution.min)
  if ('mean' in distribution) return Math.max(0, distribution.mean + distribution.stddev * drawNormal(random))
  if ('p50' in distribution) {
    const spread = Math.log(Math.max(1, distribution.p99 / Math.max(1, distribution.p50))) / DEVIATIONS_TO_P99
    return distribution.p50 * Math.exp(spread * drawNormal(random))
  }
  return distribution[Math.floor(random() * distribution.length)]!
}

/** A number of the normal distribution with mean 0 and deviation 1 (Box and Muller). */
function drawNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
