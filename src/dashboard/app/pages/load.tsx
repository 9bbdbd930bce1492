import { useSignal } from '@preact/signals'
import { now, useApi, useReloadUntilComplete } from '../data.js'
import { HeatMap } from '../charts/heat-map.js'
import { formatCount, plural } from '../format.js'
import { HourPanel } from '../load/hour-panel.js'
import { query, setQuery } from '../location.js'
import type { LoadAnswer } from '../model.js'
import { Failure, Skeleton } from '../parts/states.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The load of the fleet: hours of the days around today, and the minutes of one hour. */
export function LoadPage() {
  const today = Math.floor(now.peek() / DAY_MS) * DAY_MS
  const week = useSignal(0)
  const from = today + week.value * 7 * DAY_MS - DAY_MS
  const { data, error, reload } = useApi<LoadAnswer>(`load?from=${from}&to=${from + 8 * DAY_MS}&bucket=${HOUR_MS}`)
  useReloadUntilComplete(data, reload)
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
              onSelect={(at) => setQuery({ hour: at === hour ? null : String(at), jitter: null })}
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
      : ` · busiest hour ${highest.at.slice(5, 16).replace('T', ' ')}, with ${formatCount(highest.planned)}`
  return `${plural(planned, 'planned start')}${most}${complete ? '' : ' · still counting'}`
}
