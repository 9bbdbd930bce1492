import { useSignal } from '@preact/signals'
import { formatCount, formatTime, plural } from '../format.js'
import type { Minute, OverviewView } from '../model.js'
import { useWidth } from './use-width.js'

type Timeline = OverviewView['timeline']

const HEIGHT = 188
const TOP = 30
const BOTTOM = 22
const GAP = 0.24

const PARTS = ['ok', 'late', 'cancelled', 'skipped', 'abandoned', 'failed'] as const

/** One minute of the chart. */
interface Column {
  readonly at: number
  readonly parts: Readonly<Record<(typeof PARTS)[number], number>> | null
  readonly planned: number
}

/** The last hour and the coming one: starts per minute, past ones solid, planned ones hollow. */
export function TimelineChart({ timeline, now }: { timeline: Timeline; now: number }) {
  const { element, width } = useWidth(1_000)
  const hovered = useSignal<number | null>(null)
  const columns = toColumns(timeline)
  const most = Math.max(4, ...columns.map(heightOf))
  const step = width.value / Math.max(1, columns.length)
  const place = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect()
    const index = Math.floor(((event.clientX - box.left) / box.width) * columns.length)
    hovered.value = index >= 0 && index < columns.length ? index : null
  }
  const current = hovered.value === null ? null : columns[hovered.value]
  const nowIndex = columns.findIndex(({ at }) => at + timeline.bucketMs > now)
  const nowX = nowIndex < 0 ? 0 : step * (nowIndex + (now - columns[nowIndex]!.at) / timeline.bucketMs)
  return (
    <div class="timeline" ref={element} onPointerMove={place} onPointerLeave={() => (hovered.value = null)}>
      <svg width={width.value} height={HEIGHT} role="img" aria-label={sentence(columns)}>
        <Scale most={most} width={width.value} isNamed={width.value > 620} />
        {columns.map((column, index) => (
          <ColumnBars key={column.at} column={column} x={index * step} step={step} most={most} />
        ))}
        {columns.map(({ at }, index) =>
          new Date(at).getUTCMinutes() % (width.value < 620 ? 30 : 15) === 0 && Math.abs(index * step - nowX) > 26 ? (
            <text x={index * step + step / 2} y={HEIGHT - 4} class="axis" text-anchor="middle">
              {formatTime(at)}
            </text>
          ) : null,
        )}
        <line x1={nowX} x2={nowX} y1={14} y2={HEIGHT - BOTTOM} class="now" />
        <text x={nowX} y={HEIGHT - 4} class="axis now-text" text-anchor="middle">
          now
        </text>
        <Herds columns={columns} step={step} most={most} width={width.value} />
        {hovered.value !== null && (
          <rect x={hovered.value * step} y={TOP - 8} width={step} height={HEIGHT - TOP - BOTTOM + 8} class="hover" />
        )}
      </svg>
      {current && (
        <div class="tip" style={{ left: `${Math.min(Math.max(hovered.value! * step, 80), width.value - 90)}px` }}>
          <ColumnWords column={current} />
        </div>
      )}
    </div>
  )
}

function toColumns({ past, coming }: Timeline): Column[] {
  const none = { ok: 0, late: 0, cancelled: 0, skipped: 0, abandoned: 0, failed: 0 }
  const byMinute = new Map(past.map((minute) => [Date.parse(minute.at), minute]))
  const first = Date.parse(coming[0]?.at ?? new Date().toISOString())
  const parts = (minute: Minute | undefined) =>
    minute ? { ...minute, ok: Math.max(0, minute.ok - minute.late) } : none
  const earlier = Array.from({ length: 60 }, (_, index) => first - (60 - index) * 60_000)
  return [
    ...earlier.map((at): Column => ({ at, planned: 0, parts: parts(byMinute.get(at)) })),
    // The present minute has past and planned starts.
    ...coming.map(({ at, planned }, index): Column => ({
      at: Date.parse(at),
      planned,
      parts: index === 0 ? parts(byMinute.get(Date.parse(at))) : null,
    })),
  ]
}

function heightOf({ parts, planned }: Column): number {
  return planned + (parts ? PARTS.reduce((sum, part) => sum + parts[part], 0) : 0)
}

function ColumnBars({ column, x, step, most }: { column: Column; x: number; step: number; most: number }) {
  const scale = (HEIGHT - TOP - BOTTOM) / most
  const width = Math.max(1.5, step * (1 - GAP))
  const left = x + (step - width) / 2
  let y = HEIGHT - BOTTOM
  const bars = []
  for (const part of PARTS) {
    const count = column.parts?.[part] ?? 0
    if (count === 0) continue
    const height = Math.max(2, count * scale)
    y -= height
    bars.push(<rect x={left} y={y} width={width} height={height} rx={1.5} class={`bar-${part}`} />)
  }
  if (column.planned > 0) {
    const height = Math.max(3, column.planned * scale)
    y -= height
    bars.push(
      <rect x={left + 0.6} y={y + 0.6} width={width - 1.2} height={height - 1.2} rx={1.5} class="bar-planned" />,
    )
  }
  return <g>{bars}</g>
}

function Scale({ most, width, isNamed }: { most: number; width: number; isNamed: boolean }) {
  const y = TOP
  return (
    <g>
      <line x1={0} x2={width} y1={y} y2={y} class="grid-line" />
      <line x1={0} x2={width} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} class="base-line" />
      {isNamed && (
        <text x={0} y={y - 5} class="axis">
          {formatCount(most)} a minute
        </text>
      )}
    </g>
  )
}

/** The highest coming minute has a label, if it is far above the others. */
function Herds({
  columns,
  step,
  most,
  width,
}: {
  columns: readonly Column[]
  step: number
  most: number
  width: number
}) {
  const usual = columns
    .map(({ planned }) => planned)
    .filter((planned) => planned > 0)
    .sort((left, right) => left - right)
  const median = usual[Math.floor(usual.length / 2)] ?? 0
  const highest = columns.reduce<{ index: number; planned: number }>(
    (best, { planned }, index) => (planned > best.planned ? { index, planned } : best),
    { index: -1, planned: Math.max(19, median * 2) },
  )
  if (highest.index < 0) return null
  const x = highest.index * step + step / 2
  const y = HEIGHT - BOTTOM - (highest.planned / most) * (HEIGHT - TOP - BOTTOM)
  const isRight = x > width - 190
  return (
    <text
      x={isRight ? x + step : x + 8}
      y={isRight ? 11 : Math.max(12, y + 4)}
      class="herd"
      text-anchor={isRight ? 'end' : 'start'}
    >
      {formatTime(columns[highest.index]!.at)} · {formatCount(highest.planned)} starts at once
    </text>
  )
}

function ColumnWords({ column: { at, parts, planned } }: { column: Column }) {
  return (
    <>
      <b>
        {formatTime(at)} to {formatTime(at + 60_000)}
      </b>
      {parts &&
        PARTS.filter((part) => parts[part] > 0).map((part) => (
          <span>
            <i class={`mark ${part}`} /> {formatCount(parts[part])} {part}
          </span>
        ))}
      {planned > 0 && (
        <span>
          <i class="mark planned" /> {formatCount(planned)} planned
        </span>
      )}
      {planned === 0 && (!parts || PARTS.every((part) => parts[part] === 0)) && (
        <span>{parts ? 'nothing' : 'nothing planned'}</span>
      )}
    </>
  )
}

function sentence(columns: readonly Column[]): string {
  const sums = PARTS.map((part) => [part, columns.reduce((sum, { parts }) => sum + (parts?.[part] ?? 0), 0)] as const)
  const happened = sums.filter(([, count]) => count > 0).map(([part, count]) => `${count} ${part}`)
  const planned = columns.reduce((sum, column) => sum + column.planned, 0)
  return `Starts per minute. The last hour: ${happened.join(', ') || 'nothing recorded'}. The coming hour: ${plural(planned, 'start')} planned.`
}
