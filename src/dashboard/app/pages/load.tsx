import { useSignal } from '@preact/signals'
import { now, useApi } from '../data.js'
import { HeatMap } from '../charts/heat-map.js'
import { formatCount, plural } from '../format.js'
import { query, setQuery } from '../location.js'
import type { LoadBucket } from '../model.js'
import { Failure, Skeleton } from '../parts/states.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MINUTE_MS = 60_000

interface LoadAnswer {
  readonly buckets: readonly LoadBucket[]
  readonly bucketMs: number
  readonly complete: boolean
}

/** When the fleet is busy: hours of the days around today, and the minutes of one hour. */
export function LoadPage() {
  const today = Math.floor(now.peek() / DAY_MS) * DAY_MS
  const week = useSignal(0)
  const from = today + week.value * 7 * DAY_MS - DAY_MS
  const { data, error, reload } = useApi<LoadAnswer>(`load?from=${from}&to=${from + 8 * DAY_MS}&bucket=${HOUR_MS}`)
  const hour = Number(query.value.get('hour')) || null
  return (
    <>
      <div class="head">
        <h1>Load</h1>
        <div class="spread">
          <button class="button" onClick={() => (week.value -= 1)} aria-label="The week before">
            ←
          </button>
          <button class="button" disabled={week.value === 0} onClick={() => (week.value = 0)}>
            This week
          </button>
          <button class="button" onClick={() => (week.value += 1)} aria-label="The week after">
            →
          </button>
        </div>
      </div>
      <section class="panel" aria-labelledby="hours">
        <div class="panel-head">
          <h2 id="hours">
            Starts per hour, UTC<small>{data.value ? words(data.value) : ''}</small>
          </h2>
        </div>
        <div class="panel-body">
          {error.value && !data.value ? (
            <Failure error={error.value} retry={reload} />
          ) : !data.value ? (
            <Skeleton lines={8} />
          ) : (
            <HeatMap
              buckets={data.value.buckets}
              now={now.value}
              selected={hour}
              onSelect={(at) => setQuery({ hour: at === hour ? null : String(at) })}
            />
          )}
        </div>
      </section>
      {hour !== null && <HourPanel hour={hour} />}
    </>
  )
}

function words({ buckets, complete }: LoadAnswer): string {
  const planned = buckets.reduce((sum, bucket) => sum + bucket.planned, 0)
  const highest = buckets.reduce((best, bucket) => (bucket.planned > best.planned ? bucket : best), buckets[0]!)
  const most =
    highest.planned === 0
      ? ''
      : ` · the most, ${formatCount(highest.planned)}, at ${highest.at.slice(5, 16).replace('T', ' ')}`
  return `${plural(planned, 'start')} to come${most}${complete ? '' : ' · still counting'}`
}

/** The minutes of one hour: where herds are. */
function HourPanel({ hour }: { hour: number }) {
  const { data, error } = useApi<LoadAnswer>(`load?from=${hour}&to=${hour + HOUR_MS}&bucket=${MINUTE_MS}`)
  const buckets = data.value?.buckets ?? []
  const value = (bucket: LoadBucket) => bucket.planned + pastOf(bucket)
  const most = Math.max(1, ...buckets.map(value))
  const sum = buckets.reduce((total, bucket) => total + value(bucket), 0)
  const highest = buckets.reduce<LoadBucket | null>(
    (best, bucket) => (!best || value(bucket) > value(best) ? bucket : best),
    null,
  )
  return (
    <section class="panel" aria-labelledby="minutes">
      <div class="panel-head">
        <h2 id="minutes">
          {new Date(hour).toISOString().slice(0, 16).replace('T', ' ')}
          <small>starts per minute</small>
        </h2>
      </div>
      <div class="panel-body">
        {error.value && <Failure error={error.value} />}
        <div class="minutes" role="img" aria-label={`${sum} starts in this hour, at most ${most} in one minute`}>
          {buckets.map((bucket, minute) => (
            <span
              class={bucket.planned > 0 ? 'planned' : 'past'}
              style={{ height: `${(100 * value(bucket)) / most}%` }}
              title={`${String(minute).padStart(2, '0')}: ${formatCount(value(bucket))}`}
            />
          ))}
        </div>
        <div class="minute-axis soft num">
          {[0, 15, 30, 45].map((minute) => (
            <span>:{String(minute).padStart(2, '0')}</span>
          ))}
        </div>
        {highest && sum > 60 && value(highest) > sum / 6 && (
          <p class="advice">
            {formatCount(value(highest))} of {formatCount(sum)} starts fall on one minute. `jitter` spreads those of a
            schedule, `H` in a cron gives each schedule a minute of its own, and `spread` shifts periods by the name.
          </p>
        )}
      </div>
    </section>
  )
}

function pastOf({ past }: LoadBucket): number {
  return past ? past.ok + past.failed + past.abandoned + past.cancelled : 0
}
