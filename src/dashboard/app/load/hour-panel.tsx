import { useApi, useReloadUntilComplete } from '../data.js'
import { formatCount } from '../format.js'
import { query, setQuery } from '../location.js'
import type { LoadAnswer, LoadBucket } from '../model.js'
import { Failure } from '../parts/states.js'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** A minute is a herd when it has this part of the starts of its hour, and the hour has this number of starts. */
const HERD_PART = 1 / 6
const HERD_LEAST = 20
const JITTERS = ['1m', '5m', '15m'] as const

/** The minutes of one hour: its herds, and the effect of a jitter on them. */
export function HourPanel({ hour }: { hour: number }) {
  const range = `load?from=${hour}&to=${hour + HOUR_MS}&bucket=${MINUTE_MS}`
  const jitter = query.value.get('jitter')
  const asIs = useApi<LoadAnswer>(range)
  const spread = useApi<LoadAnswer>(jitter === null ? null : `${range}&jitter=${encodeURIComponent(jitter)}`)
  useReloadUntilComplete(asIs.data, asIs.reload)
  useReloadUntilComplete(spread.data, spread.reload)
  const before = asIs.data.value?.buckets ?? []
  const after = jitter === null ? null : (spread.data.value?.buckets ?? null)
  const error = asIs.error.value ?? spread.error.value
  const isComing = hour + HOUR_MS > Date.now()
  return (
    <section class="panel" aria-labelledby="minutes">
      <div class="panel-head">
        <h2 id="minutes">
          {new Date(hour).toISOString().slice(0, 16).replace('T', ' ')}
          <small>starts per minute</small>
        </h2>
        {isComing && <JitterChoice jitter={jitter} />}
      </div>
      <div class="panel-body">
        {error && <Failure error={error} />}
        <Minutes buckets={after ?? before} most={Math.max(1, ...before.map(startsOf))} />
        <HourWords before={before} after={after} jitter={jitter} />
      </div>
    </section>
  )
}

function JitterChoice({ jitter }: { jitter: string | null }) {
  return (
    <div class="chips spread" role="group" aria-label="With a jitter">
      {[null, ...JITTERS].map((value) => (
        <button class="chip" aria-pressed={jitter === value} onClick={() => setQuery({ jitter: value })}>
          {value === null ? 'As defined' : `Jitter ${value}`}
        </button>
      ))}
    </div>
  )
}

/** A bar for each minute; `most` is the height of the highest, the same for every jitter. */
function Minutes({ buckets, most }: { buckets: readonly LoadBucket[]; most: number }) {
  const sum = buckets.reduce((total, bucket) => total + startsOf(bucket), 0)
  const highest = Math.max(0, ...buckets.map(startsOf))
  return (
    <>
      <div class="minutes" role="img" aria-label={`${sum} starts in this hour, at most ${highest} in one minute`}>
        {buckets.map((bucket, minute) => (
          <span
            class={bucket.planned > 0 ? 'planned' : 'past'}
            style={{ height: `${Math.min(100, (100 * startsOf(bucket)) / most)}%` }}
            title={`${String(minute).padStart(2, '0')}: ${formatCount(startsOf(bucket))}`}
          />
        ))}
      </div>
      <div class="minute-axis soft num">
        {[0, 15, 30, 45].map((minute) => (
          <span>:{String(minute).padStart(2, '0')}</span>
        ))}
      </div>
    </>
  )
}

function HourWords(props: {
  before: readonly LoadBucket[]
  after: readonly LoadBucket[] | null
  jitter: string | null
}) {
  const { before, after, jitter } = props
  const most = Math.max(0, ...before.map(startsOf))
  const sum = before.reduce((total, bucket) => total + startsOf(bucket), 0)
  if (after !== null) {
    return (
      <p class="advice">
        With a jitter of {jitter} on every schedule that has less, the busiest minute has{' '}
        <b>{formatCount(Math.max(0, ...after.map(startsOf)))}</b> starts instead of <b>{formatCount(most)}</b>.
      </p>
    )
  }
  if (most < HERD_LEAST || most < sum * HERD_PART) return null
  return (
    <p class="advice">
      {formatCount(most)} of {formatCount(sum)} starts fall in one minute. `jitter` spreads the starts of a schedule,
      `H` in a cron gives each schedule its own minute, and `spread` shifts each `every` by the name of its schedule.
    </p>
  )
}

/** The past and the planned starts. */
function startsOf({ planned, past }: LoadBucket): number {
  return planned + (past ? past.ok + past.failed + past.abandoned + past.cancelled : 0)
}
