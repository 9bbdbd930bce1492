import { MOST_BUCKETS } from '../forecast.js'
import { parseDuration } from '../../index.js'
import { badRequest } from '../problem.js'
import { json, type RequestContext } from '../request-context.js'
import type { Route } from '../router.js'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** The sizes of a bucket, ms; the smallest that fits the range is used. */
const BUCKETS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS]
const AIMED_BUCKETS = 400
/** Time after which the answer holds the starts counted so far, with `complete: false`, ms. */
const PATIENCE_MS = 1_000

/** `GET load`. */
export const loadRoute: Route = {
  method: 'GET',
  path: 'load',
  role: 'view',
  isWrite: false,
  summary: 'Planned and past starts of the whole fleet, bucket by bucket',
  query: {
    from: 'an instant; default a day ago',
    to: 'an instant; default in a week',
    jitter:
      'a duration such as 5m: the planned starts as if every schedule had at least this jitter; default their own',
    bucket: 'milliseconds of a bucket, a whole number of minutes; default what suits the range',
  },
  answer: 'from, to, bucketMs, buckets: [{ at, planned, past: { ok, failed, … } | null }], complete',
  handle: showLoad,
}

async function showLoad(context: RequestContext): Promise<Response> {
  const nowMs = Date.now()
  const from = context.instant('from', nowMs - DAY_MS)
  const to = context.instant('to', nowMs + 7 * DAY_MS)
  if (to <= from) throw badRequest('to', context.query.get('to'), 'an instant after from')
  const bucketMs = context.integer('bucket', defaultBucket(to - from), MINUTE_MS, 7 * DAY_MS)
  if (bucketMs % MINUTE_MS !== 0) throw badRequest('bucket', bucketMs, 'a whole number of minutes in milliseconds')
  const fromMs = Math.floor(from / bucketMs) * bucketMs
  const count = Math.ceil((to - fromMs) / bucketMs)
  if (count > MOST_BUCKETS)
    throw badRequest('bucket', bucketMs, `at most ${MOST_BUCKETS} buckets: a larger bucket, or a shorter range`)
  const jitterMs = readJitter(context)
  const [forecast, past] = await Promise.all([
    context.services.forecast.count({ fromMs, bucketMs, buckets: count, jitterMs, patienceMs: PATIENCE_MS }),
    context.services.source.minutes(fromMs, Math.min(to, nowMs)),
  ])
  const sums = sumMinutes(past, fromMs, bucketMs)
  const buckets = forecast.counts.map((planned, index) => {
    const at = fromMs + index * bucketMs
    return { at: new Date(at), planned, past: at > nowMs ? null : (sums.get(index) ?? EMPTY) }
  })
  return json({
    from: new Date(fromMs),
    to: new Date(fromMs + count * bucketMs),
    bucketMs,
    buckets,
    complete: forecast.isComplete,
  })
}

const MOST_JITTER_MS = DAY_MS

function readJitter({ query }: RequestContext): number {
  const text = query.get('jitter')
  if (text === null || text === '') return 0
  try {
    const jitterMs = parseDuration(text, 'jitter')
    if (jitterMs <= MOST_JITTER_MS) return jitterMs
  } catch {
    // A smaller size is refused like any other value.
  }
  throw badRequest('jitter', text, 'a duration up to a day, such as 30s or 5m')
}

const EMPTY = { ok: 0, failed: 0, skipped: 0, abandoned: 0, cancelled: 0, late: 0 }

type Counts = typeof EMPTY

function sumMinutes(
  minutes: readonly ({ at: Date } & Counts)[],
  fromMs: number,
  bucketMs: number,
): Map<number, Counts> {
  const sums = new Map<number, Counts>()
  for (const minute of minutes) {
    const index = Math.floor((minute.at.getTime() - fromMs) / bucketMs)
    const sum = sums.get(index) ?? { ...EMPTY }
    for (const key of Object.keys(EMPTY) as (keyof Counts)[]) sum[key] += minute[key]
    sums.set(index, sum)
  }
  return sums
}

function defaultBucket(rangeMs: number): number {
  return (
    BUCKETS_MS.find((bucketMs) => rangeMs / bucketMs <= AIMED_BUCKETS) ??
    Math.ceil(rangeMs / MOST_BUCKETS / DAY_MS + 1) * DAY_MS
  )
}
