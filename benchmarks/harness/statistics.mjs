/** Quantiles, medians and the figures of a list of fires. */

/** The nearest-rank quantile of `values` (need not be sorted); `NaN` for none. */
export function quantile(values, fraction) {
  if (values.length === 0) return NaN
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(fraction * sorted.length) - 1))]
}

/** The median of the finite numbers in `values`; `NaN` for none. */
export function median(values) {
  const sorted = values.filter((value) => Number.isFinite(value)).sort((a, b) => a - b)
  if (sorted.length === 0) return NaN
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Per key the median over `samples`; texts are kept from the last sample that has one. */
export function medianOfSamples(samples) {
  const keys = new Set(samples.flatMap((sample) => Object.keys(sample)))
  const result = {}
  for (const key of keys) {
    const values = samples.map((sample) => sample[key]).filter((value) => value !== undefined)
    result[key] = values.every((value) => typeof value === 'number') ? median(values) : values.at(-1)
  }
  return result
}

/**
 * Lateness (ms), doubled and missed occurrences of periodic schedules.
 *
 * Only fires whose *scheduled* instant lies in [from, to) count. Doubled: starts beyond the first of one
 * (schedule, instant). Missed: instants of the period that have no start, found from the gaps between the instants
 * seen, so that it holds for any phase.
 */
export function summarizeFires(fires, { from, to, periodMs, ids }) {
  const instantsById = new Map(ids.map((id) => [id, new Set()]))
  const latenessMs = []
  let doubled = 0
  for (const { id, scheduledAt, startedAt } of fires) {
    const seen = instantsById.get(id)
    if (seen === undefined || scheduledAt < from || scheduledAt >= to) continue
    if (seen.has(scheduledAt)) {
      doubled += 1
      continue
    }
    seen.add(scheduledAt)
    latenessMs.push(startedAt - scheduledAt)
  }
  let missed = 0
  for (const seen of instantsById.values()) missed += countMissed([...seen], from, to, periodMs)
  return {
    fires: latenessMs.length,
    p50: quantile(latenessMs, 0.5),
    p99: quantile(latenessMs, 0.99),
    min: latenessMs.reduce((a, b) => Math.min(a, b), Infinity),
    max: latenessMs.reduce((a, b) => Math.max(a, b), -Infinity),
    doubled,
    missed,
  }
}

function countMissed(instants, from, to, periodMs) {
  if (instants.length === 0) return Math.floor((to - from) / periodMs)
  instants.sort((a, b) => a - b)
  let missed = Math.floor((instants[0] - from) / periodMs) + Math.floor((to - 1 - instants.at(-1)) / periodMs)
  for (let index = 1; index < instants.length; index += 1) {
    // Half a period of slack: some peers step from the last start and drift, which is lateness and not a loss.
    missed += Math.max(0, Math.round((instants[index] - instants[index - 1]) / periodMs) - 1)
  }
  return missed
}
