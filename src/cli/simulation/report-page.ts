import type { SimulationResult } from '../../testing/index.js'

/** What was simulated. */
export interface ReportSubject {
  readonly from: string
  readonly to: string
  readonly workers: number
  readonly scheduleCount: number
}

const WIDTH = 960
const HEIGHT = 160
const STYLE = `
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
svg { width: 100%; height: auto; background: color-mix(in srgb, currentColor 4%, transparent); border-radius: 6px }
rect { fill: #3f7cdb } .waiting rect { fill: #d9822b } .started rect { fill: #3d9a5f }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; padding: .25rem .75rem .25rem 0 }
figure { margin: 1rem 0 } figcaption { font-size: .9rem; opacity: .75 }
`

/** A page with the result of a simulation: complete in itself, without scripts, and without a request to anywhere. */
export function writeReport(result: SimulationResult, subject: ReportSubject): string {
  const { started, failed, abandoned, skipped, missed, lateness, herds, overlaps, suggestions } = result
  const facts = { started, failed, abandoned, skipped, missed }
  const late = Object.entries(lateness).map(([name, ms]) => [name, `${(ms / 1_000).toFixed(2)} s`])
  const body = [
    `<h1>Simulation of ${subject.scheduleCount} schedules on ${subject.workers} workers</h1>`,
    `<p>${escapeHtml(subject.from)} to ${escapeHtml(subject.to)}</p>`,
    suggestions.length === 0 ? '' : `<ul>${suggestions.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>`,
    table(['what', 'count'], Object.entries(facts)),
    drawChart(result, 'started', 'Starts'),
    drawChart(result, 'running', 'Runs at the same time'),
    drawChart(result, 'waiting', 'Waiting for a slot'),
    '<h2>Lateness</h2>',
    table(['share', 'late by'], late),
    section(
      'Herds',
      ['at', 'schedules', 'such as'],
      herds.map(({ at, count, schedules }) => [at.toISOString(), count, schedules.join(', ')]),
    ),
    section(
      'Overlaps',
      ['schedule', 'times', 'policy'],
      overlaps.slice(0, 50).map(({ schedule, count, policy }) => [schedule, count, policy]),
    ),
  ]
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Everybeat simulation</title><style>${STYLE}</style></head>
<body>${body.join('\n')}</body></html>
`
}

function drawChart({ load }: SimulationResult, name: 'started' | 'running' | 'waiting', title: string): string {
  const most = Math.max(1, ...load.map((point) => point[name]))
  const step = WIDTH / load.length
  const bars = load.map((point, index) => {
    const height = (point[name] / most) * HEIGHT
    if (height === 0) return ''
    const place = `x="${(index * step).toFixed(2)}" y="${(HEIGHT - height).toFixed(2)}"`
    const said = `<title>${point.at.toISOString()}: ${point[name]}</title>`
    return `<rect ${place} width="${Math.max(0.5, step - 0.3).toFixed(2)}" height="${height.toFixed(2)}">${said}</rect>`
  })
  const [first, last] = [load[0], load.at(-1)]
  const span = `${first?.at.toISOString() ?? ''} to ${last?.at.toISOString() ?? ''}, at most ${most}`
  return `<h2>${title}</h2><figure><svg class="${name}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}: ${span}">${bars.join('')}</svg><figcaption>${span}</figcaption></figure>`
}

function section(title: string, heads: readonly string[], rows: readonly (readonly unknown[])[]): string {
  return rows.length === 0 ? '' : `<h2>${title}</h2>${table(heads, rows)}`
}

function table(heads: readonly string[], rows: readonly (readonly unknown[])[]): string {
  const cells = (tag: string, row: readonly unknown[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(String(cell))}</${tag}>`).join('')}</tr>`
  return `<table>${cells('th', heads)}${rows.map((row) => cells('td', row)).join('')}</table>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
