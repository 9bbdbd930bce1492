import { titleOf } from './drivers.mjs'

/** The rows of one scenario as a table: an array of arrays of text, the header first. */
export async function tableOf(scenario, rows) {
  const { compare } = scenario
  const header = ['', '', ...scenario.columns.map(({ title }) => title), ...(compare ? ['against Everybeat'] : [])]
  const table = [header]
  for (const row of rows) {
    const title = await titleOf(row.driver)
    if (row.median === undefined) {
      table.push([row.cell, title, row.refused ?? `failed: ${row.failed}`])
      continue
    }
    const cells = scenario.columns.map(({ key, digits }) => format(row.median[key], digits))
    const ours = rows.find(({ cell, driver }) => cell === row.cell && driver === 'everybeat')
    table.push([row.cell, title, ...cells, ...(compare ? [ratio(row, ours, compare)] : [])])
  }
  return table
}

/** How many times better (> 1) or worse (< 1) Everybeat is than the peer of this row. */
function ratio(row, ours, { key, better }) {
  if (ours?.median === undefined || row === ours) return ''
  const value = better === 'lower' ? row.median[key] / ours.median[key] : ours.median[key] / row.median[key]
  return Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)}×` : ''
}

export function format(value, digits) {
  if (value === undefined) return ''
  if (typeof value !== 'number') return String(value)
  if (!Number.isFinite(value)) return '–'
  return value.toFixed(digits ?? 0).replace(/^-(0(\.0*)?)$/, '$1')
}

/** A table for the terminal: columns aligned, texts that replace all figures of a row left as they are. */
export function toText(table) {
  const columns = table[0].length
  const full = table.filter((row) => row.length === columns)
  const widths = table[0].map((_, index) => Math.max(...full.map((row) => row[index].length)))
  widths[0] = Math.max(...table.map((row) => row[0].length))
  widths[1] = Math.max(...table.map((row) => row[1].length))
  const pad = (cell, index) => (index < 2 ? cell.padEnd(widths[index]) : cell.padStart(widths[index]))
  return table
    .map((row) => (row.length === columns ? row.map(pad) : [...row.slice(0, 2).map(pad), row[2]]).join('  '))
    .join('\n')
}

/** The same as a Markdown table. */
export function toMarkdown(table) {
  const columns = table[0].length
  const line = (cells) => `| ${cells.join(' | ')} |`
  const filled = table.map((row) => [...row, ...Array(columns - row.length).fill('')])
  const rule = table[0].map((_, index) => (index < 2 ? '---' : '--:'))
  return [line(filled[0]), line(rule), ...filled.slice(1).map(line)].join('\n')
}
