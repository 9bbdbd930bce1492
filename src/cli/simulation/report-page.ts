import type { SimulationResult } from '../../testing/index.js'

/** The input of a simulation. */
export interface ReportSubject {
  readonly from: string
  readonly to: string
  readonly workers: number
  readonly scheduleCount: number
}

const WIDTH = 960
const HEIGHT = 160
/** Number of instants below a chart. */
const TICKS = 5
const STYLE = `
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1000px; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem; margin-bottom: 0 } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
.span, figcaption, dt, th { opacity: .7 } .span { margin-top: 0 } figcaption, dt, th { font-size: .85rem; font-weight: 400 }
dl { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0 }
dl div { flex: 1 1 6rem; padding: .5rem .9rem; border-radius: 6px; background: color-mix(in srgb, currentColor 5%, transparent) }
dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums }
ul { padding-left: 1.2rem } li { margin: .25rem 0 }
svg { width: 100%; height: 160px; background: color-mix(in srgb, currentColor 4%, transparent); border-radius: 6px }
rect { fill: #3f7cdb; shape-rendering: crispEdges } .waiting rect { fill: #d9822b } .started rect { fill: #3d9a5f }
line { stroke: currentColor; opacity: .18; vector-effect: non-scaling-stroke; stroke-dasharray: 3 4 }
figure { margin: .5rem 0 1rem } figcaption { display: flex; justify-content: space-between; gap: .5rem }
.most { justify-content: flex-start }
table { border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: .25rem 1.5rem .25rem 0 }
@media (max-width: 600px) { svg { height: 110px } figcaption span:not(:first-child, :last-child) { display: none } }
`

/** A page with the result of a simulation, without scripts and without requests. */
export function writeReport(result: SimulationResult, subject: ReportSubject): string {
  const { started, failed, abandoned, skipped, missed, lateness, herds, overlaps, suggestions } = result
  const facts = { started, failed, abandoned, skipped, missed }
  const late = Object.entries(lateness).map(
    ([name, ms]) => [name, `${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 0)} s`] as const,
  )
  const body = [
    `<h1>Simulation of ${subject.scheduleCount} schedules on ${subject.workers} workers</h1>`,
    `<p class="span">${escapeHtml(subject.from)} to ${escapeHtml(subject.to)}</p>`,
    tiles(Object.entries(facts)),
    suggestions.length === 0 ? '' : `<ul>${suggestions.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul>`,
    drawChart(result, 'started', 'Starts'),
    drawChart(result, 'running', 'Runs at the same time'),
    drawChart(result, 'waiting', 'Waiting for a slot'),
    '<h2>Lateness</h2>',
    tiles(late),
    section(
      'Herds',
      ['at', 'schedules', 'such as'],
      herds.map(({ at, count, schedules }) => [formatInstant(at), count, schedules.join(', ')]),
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
    const said = `<title>${formatInstant(point.at)}: ${point[name]}</title>`
    return `<rect ${place} width="${step.toFixed(2)}" height="${height.toFixed(2)}">${said}</rect>`
  })
  const span = `${load.length === 0 ? '' : `${formatInstant(load[0]!.at)} to ${formatInstant(load.at(-1)!.at)}, `}at most ${most}`
  const half = `<line x1="0" x2="${WIDTH}" y1="${HEIGHT / 2}" y2="${HEIGHT / 2}"/>`
  const picture = `<svg class="${name}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${title}: ${span}">${bars.join('')}${half}</svg>`
  return `<h2>${title}</h2><figure><figcaption class="most">${most} at most</figcaption>${picture}<figcaption>${ticks(load)}</figcaption></figure>`
}

/** Instants at equal distances, from the first to the last. */
function ticks(load: SimulationResult['load']): string {
  const places = Array.from({ length: TICKS }, (_, index) => Math.round((index * (load.length - 1)) / (TICKS - 1)))
  return places.map((place) => (load[place] ? `<span>${formatInstant(load[place].at)}</span>` : '')).join('')
}

/** An instant for people, with seconds only if they are not 0. */
function formatInstant(at: Date): string {
  return `${at
    .toISOString()
    .replace('T', ' ')
    .replace(/(:00)?\.\d+Z$/, '')} UTC`
}

function tiles(facts: readonly (readonly [name: string, value: string | number])[]): string {
  const each = facts.map(([name, value]) => {
    const shown = typeof value === 'number' ? value.toLocaleString('en') : value
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(shown)}</dd></div>`
  })
  return `<dl>${each.join('')}</dl>`
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
