import { stripVTControlCharacters } from 'node:util'
import Table from 'cli-table3'

/** One column of a table for people. */
export interface Column {
  head: string
  align?: 'left' | 'right'
  /** Whether the column may be cut when the table is wider than the terminal; the widest column is cut first. */
  shrinks?: boolean
}

/** How a table is drawn. */
export interface TableStyle {
  /** Columns of text that fit on one line. */
  width: number
  /** Paints a heading. */
  paintHead: (text: string) => string
}

const GAP = 2
const NARROWEST = 6

/**
 * Draws rows under headings, without borders, cut to the width: each line is shorter than `width` unless the columns
 * that may not shrink are wider than that. Cells may hold colour; trailing blanks are taken off.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: TableStyle,
): string {
  const widths = fitWidths(columns, rows, style.width)
  const table = new Table({
    chars: NO_BORDERS,
    style: { 'padding-left': 0, 'padding-right': GAP, head: [], border: [], compact: true },
    colWidths: widths.map((width) => width + GAP),
    colAligns: columns.map((column) => column.align ?? 'left'),
  })
  table.push(columns.map((column) => style.paintHead(column.head)))
  for (const row of rows) table.push(row.map(escapeCell))
  return table
    .toString()
    .split('\n')
    .map((line) => line.replace(TRAILING_BLANKS, '$1'))
    .join('\n')
}

/** Draws `name: value` pairs as two columns, the values cut to the width. */
export function renderPairs(pairs: readonly (readonly [string, string])[], style: TableStyle): string {
  const nameWidth = Math.max(0, ...pairs.map(([name]) => displayWidth(name)))
  return pairs
    .map(([name, value]) => `${style.paintHead(name)}${' '.repeat(nameWidth - displayWidth(name) + GAP)}${value}`)
    .join('\n')
}

/** The number of terminal cells of a text: escape sequences take none, wide characters and emoji two. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) width += WIDE.test(segment) ? 2 : 1
  return width
}

function fitWidths(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const widths = columns.map((column, index) =>
    Math.max(displayWidth(column.head), ...rows.map((row) => displayWidth(row[index] ?? ''))),
  )
  let excess = widths.reduce((sum, each) => sum + each + GAP, -GAP) - width
  for (; excess > 0; excess -= 1) {
    let widest = -1
    columns.forEach(({ head, shrinks }, index) => {
      const canShrink = shrinks && widths[index]! > Math.max(NARROWEST, displayWidth(head))
      if (canShrink && (widest < 0 || widths[index]! > widths[widest]!)) widest = index
    })
    if (widest < 0) break
    widths[widest]! -= 1
  }
  return widths
}

// A line break in a cell would break the row. Callers pass single lines; this is a second guard.
function escapeCell(cell: string): string {
  return cell.replace(/[\r\n]+/g, ' ')
}

const segmenter = new Intl.Segmenter()

const WIDE =
  /[\p{Extended_Pictographic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff00-\uff60\uffe0-\uffe6]/u

// A painted cell ends with an escape sequence, and its blanks precede it.
const TRAILING_BLANKS = /\s+((?:\u001b\[[0-9;]*m)*)$/

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const
