import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createColors } from '../../../src/cli/colors.js'
import { displayWidth, renderPairs, renderTable } from '../../../src/cli/table.js'

const plain = { width: 80, paintHead: (text: string) => text }
const columns = [
  { head: 'NAME', shrinks: true },
  { head: 'N', align: 'right' as const },
  { head: 'TASK', shrinks: true },
]

describe('renderTable', () => {
  it('renderTable aligns columns and leaves no trailing blanks', () => {
    expect(
      renderTable(
        columns,
        [
          ['a', '1', 'mail'],
          ['bcd', '12', ''],
        ],
        plain,
      ),
    ).toBe(['NAME   N  TASK', 'a      1  mail', 'bcd   12'].join('\n'))
  })

  it('renderTable cuts the widest column first, until every line fits', () => {
    const table = renderTable(columns, [['n'.repeat(30), '7', 't'.repeat(60)]], plain)
    for (const line of table.split('\n')) expect(displayWidth(line)).toBeLessThanOrEqual(80)
    expect(table).toContain('n'.repeat(30))
    expect(table).toContain('t…')
  })

  it('renderTable cuts equally wide columns by the same amount, down to their headings', () => {
    const rows = [['n'.repeat(60), '7', 't'.repeat(60)]]
    const lines = renderTable(columns, rows, { ...plain, width: 40 }).split('\n')
    for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(40)
    expect(lines[1]).toMatch(/^n{16}… +7 +t{16,17}…$/)
    expect(renderTable(columns, rows, { ...plain, width: 4 }).split('\n')[1]).toBe('nnnnn…  7  ttttt…')
  })

  it('renderTable aligns columns with coloured and wide cells', () => {
    const { green } = createColors(true)
    const table = renderTable(
      columns,
      [
        [green('報告'), '1', 'x'],
        ['abcd', '2', 'y'],
      ],
      plain,
    )
    const [, wide, narrow] = table.split('\n').map(stripVTControlCharacters)
    expect(displayWidth(wide!)).toBe(displayWidth(narrow!))
    expect(table).toContain(green('報告'))
  })

  it('renderTable keeps a row on one line whatever its cells hold', () => {
    expect(renderTable(columns, [['a\nb', '1', 'x\r\ny']], plain).split('\n')).toHaveLength(2)
  })
})

describe('renderPairs', () => {
  it('renderPairs aligns the values', () => {
    expect(
      renderPairs(
        [
          ['cron', '* * * * *'],
          ['tz', 'UTC'],
        ],
        plain,
      ),
    ).toBe('cron  * * * * *\ntz    UTC')
  })
})
