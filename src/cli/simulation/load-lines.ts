import type { SimulationResult } from '../../testing/index.js'

const BARS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const LABEL_WIDTH = 9

/** The load as three lines of bars over the whole width: started, running and waiting runs. */
export function drawLoad({ load }: Pick<SimulationResult, 'load'>, width: number): string[] {
  const room = Math.max(20, Math.min(120, width - LABEL_WIDTH - 12))
  const rows = ['started', 'running', 'waiting'] as const
  return rows.map((name) => {
    const values = squeeze(
      load.map((point) => point[name]),
      room,
    )
    const most = Math.max(...values)
    return `${name.padEnd(LABEL_WIDTH)}${values.map((value) => barOf(value, most)).join('')}  ≤ ${most}`
  })
}

/** The greatest value of each of `count` parts. */
function squeeze(values: readonly number[], count: number): number[] {
  const size = Math.max(1, Math.ceil(values.length / count))
  const parts = Math.ceil(values.length / size)
  return Array.from({ length: parts }, (_, index) => Math.max(...values.slice(index * size, (index + 1) * size)))
}

function barOf(value: number, most: number): string {
  if (value === 0) return ' '
  return BARS[Math.min(BARS.length - 1, Math.floor((value / most) * BARS.length))]!
}
