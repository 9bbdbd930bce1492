import { useLayoutEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { formatDuration } from '../format.js'
import { theme } from '../parts/theme.js'

const HEIGHT = 150
/** Least height of the axis, ms: finer steps would all have the same label. */
const LEAST_TOP_MS = 10

/** Durations over time: `at` in seconds, values in milliseconds, null for no value. */
export function LineChart({ at, values, tone }: { at: number[]; values: (number | null)[]; tone: 'run' | 'late' }) {
  const element = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const target = element.current
    if (!target) return
    const plot = new uPlot(optionsOf(target, tone), [at, values], target)
    const observer = new ResizeObserver(() => plot.setSize({ width: target.clientWidth, height: HEIGHT }))
    observer.observe(target)
    return () => {
      observer.disconnect()
      plot.destroy()
    }
  }, [at.join(), values.join(), theme.value])
  return <div ref={element} class="line-chart" />
}

function optionsOf(target: HTMLElement, tone: 'run' | 'late'): uPlot.Options {
  const style = getComputedStyle(target)
  const color = (name: string) => style.getPropertyValue(name).trim()
  const line = color(tone === 'run' ? '--run-bar' : '--late-bar')
  const axis = { stroke: color('--ink-3'), font: `11px ${style.fontFamily}`, ticks: { show: false } }
  return {
    width: target.clientWidth,
    height: HEIGHT,
    padding: [10, 28, 0, 0],
    legend: { show: false },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), 'UTC'),
    cursor: { y: false, points: { size: 7, fill: line }, drag: { x: false, y: false } },
    scales: { y: { range: (_plot, _low, high) => [0, Math.max(high * 1.1, LEAST_TOP_MS)] } },
    axes: [
      { ...axis, grid: { show: false }, space: 74, values: (_plot, splits) => splits.map(timeText(splits)) },
      {
        ...axis,
        size: 54,
        grid: { stroke: color('--line-soft'), width: 1 },
        space: 34,
        values: (_plot, splits) => splits.map((value) => formatDuration(value)),
      },
    ],
    series: [{}, { stroke: line, width: 1.6, fill: `${line}1f`, points: { show: false }, spanGaps: true }],
    plugins: [tip()],
  }
}

/** Times of day within two days, else dates. */
function timeText(splits: number[]): (seconds: number) => string {
  const isShort = (splits.at(-1) ?? 0) - (splits[0] ?? 0) < 2 * 86_400
  const isTiny = (splits.at(-1) ?? 0) - (splits[0] ?? 0) < 600
  return (seconds) => {
    const text = new Date(seconds * 1_000).toISOString()
    return isTiny
      ? text.slice(11, 19)
      : isShort
        ? text.slice(11, 16)
        : `${Number(text.slice(8, 10))}.${Number(text.slice(5, 7))}.`
  }
}

/** Shows the value under the pointer. */
function tip(): uPlot.Plugin {
  const box = document.createElement('div')
  box.className = 'tip'
  return {
    hooks: {
      init: (plot) => plot.over.append(box),
      setCursor: (plot) => {
        const { idx } = plot.cursor
        const value = idx == null ? null : plot.data[1]?.[idx]
        box.hidden = value == null
        if (idx == null || value == null) return
        box.textContent = `${formatDuration(value)} · ${new Date(plot.data[0][idx]! * 1_000).toISOString().slice(5, 19).replace('T', ' ')}`
        const left = plot.valToPos(plot.data[0][idx]!, 'x')
        box.style.left = `${Math.min(Math.max(left, 70), plot.over.clientWidth - 70)}px`
      },
    },
  }
}
