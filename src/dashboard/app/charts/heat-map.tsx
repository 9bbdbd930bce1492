import { formatCount } from '../format.js'
import type { LoadBucket } from '../model.js'

const HOUR_MS = 3_600_000
const STEPS = 6

/** Days down, hours across; past runs are filled, planned starts are hollow, and darker means more. */
export function HeatMap(props: {
  buckets: readonly LoadBucket[]
  now: number
  selected: number | null
  onSelect: (at: number) => void
}) {
  const { buckets, now, selected, onSelect } = props
  const values = buckets.map(valueOf).filter((value) => value > 0)
  const most = Math.max(1, ...values)
  const least = Math.min(most, ...values)
  const days = new Map<string, LoadBucket[]>()
  for (const bucket of buckets) {
    const day = bucket.at.slice(0, 10)
    days.set(day, [...(days.get(day) ?? []), bucket])
  }
  return (
    <div class="heat-wrap">
      <table class="heat">
        <caption class="visually-hidden">Starts per hour of each day</caption>
        <HourHead />
        <tbody>
          {[...days].map(([day, hours]) => (
            <tr>
              <th scope="row" class={day === new Date(now).toISOString().slice(0, 10) ? 'today' : ''}>
                {dayName(day)}
              </th>
              {hours.map((bucket) => (
                <td>
                  <Cell {...{ bucket, now, least, most, onSelect }} isSelected={Date.parse(bucket.at) === selected} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      <HeatLegend most={most} />
    </div>
  )
}

function HourHead() {
  return (
    <thead>
      <tr>
        <th>
          <span class="visually-hidden">Day</span>
        </th>
        {Array.from({ length: 24 }, (_, hour) => (
          <th scope="col">
            {hour % 3 === 0 ? String(hour).padStart(2, '0') : <span class="visually-hidden">{hour}</span>}
          </th>
        ))}
      </tr>
    </thead>
  )
}

function HeatLegend({ most }: { most: number }) {
  return (
    <div class="legend">
      <span>
        fewer
        {Array.from({ length: STEPS }, (_, step) => (
          <i class={`heat-cell step-${step + 1}`} />
        ))}
        more, up to {formatCount(most)} an hour
      </span>
      <span>
        <i class="heat-cell step-4 future" /> planned
      </span>
      <span>
        <i class="heat-cell troubled step-3" /> with failures
      </span>
    </div>
  )
}

function Cell(props: {
  bucket: LoadBucket
  now: number
  least: number
  most: number
  isSelected: boolean
  onSelect: (at: number) => void
}) {
  const { bucket, now, least, most, isSelected, onSelect } = props
  const at = Date.parse(bucket.at)
  const value = valueOf(bucket)
  const step = value === 0 ? 0 : stepOf(value, least, most)
  const isFuture = at + HOUR_MS > now
  const isTroubled = bucket.past !== null && bucket.past.failed + bucket.past.abandoned > 0
  const words = `${bucket.at.slice(0, 16).replace('T', ' ')}: ${describe(bucket)}`
  return (
    <button
      class={`heat-cell step-${step} ${isFuture ? 'future' : ''} ${isTroubled ? 'troubled' : ''}`}
      aria-label={words}
      aria-pressed={isSelected}
      title={words}
      onClick={() => onSelect(at)}
    />
  )
}

/** A shade between the quietest and the busiest hour; hours that hardly differ look the same. */
function stepOf(value: number, least: number, most: number): number {
  if (most < least * 1.2) return STEPS / 2
  return 1 + Math.min(STEPS - 1, Math.floor(((value - least) / (most - least)) * STEPS))
}

function valueOf({ planned, past }: LoadBucket): number {
  return planned + (past ? past.ok + past.failed + past.abandoned + past.cancelled : 0)
}

function describe({ planned, past }: LoadBucket): string {
  const parts = planned > 0 ? [`${formatCount(planned)} planned`] : []
  for (const field of ['ok', 'failed', 'abandoned', 'skipped', 'late'] as const) {
    if (past && past[field] > 0) parts.push(`${formatCount(past[field])} ${field}`)
  }
  return parts.join(', ') || 'nothing'
}

function dayName(day: string): string {
  const date = new Date(`${day}T00:00:00Z`)
  return `${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()]} ${date.getUTCDate()}`
}
