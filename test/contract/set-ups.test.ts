import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'

const folder = join(PROJECT_DIR, 'test/setups')
const page = readFileSync(join(PROJECT_DIR, 'docs/reference/set-ups.md'), 'utf8')

/** The rows of the table: the set-up, its cells, and its test as `file: title`. */
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| set-up') && !line.startsWith('| ---'))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .map((cells) => ({ name: cells[0]!, cells: cells.slice(1, -1), test: cells.at(-1)!.replaceAll('`', '') }))

/** The tests that run a set-up, as `file: title`. */
const tests = readdirSync(folder)
  .filter((name) => /^(typescript|runners|package-managers|bundlers|next)\.test\.ts$/.test(name))
  .flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    const titles = [...text.matchAll(/\bit(?:\.each\([^]*?\))?\(\s*(['"])(.*?)\1,/g)].map(([, , title]) => title!)
    return titles.map((title) => `${name.replace('.test.ts', '')}: ${title}`)
  })

const textOf = (name: string): string => readFileSync(join(folder, name), 'utf8')
const named = (text: string, field: string): string[] =>
  [...text.matchAll(new RegExp(`\\b${field}: '([^']+)'`, 'g'))].map(([, name]) => name!)

describe('docs/reference/set-ups.md', () => {
  it('the table of set-ups has a row for every test of a set-up, and a test for every row', () => {
    expect(tests.length).toBeGreaterThan(9)
    const sizes = /alone has less than/
    expect(tests.filter((test) => !sizes.test(test) && !rows.some((row) => row.test === test))).toEqual([])
    const known = [
      ...tests,
      ...[...textOf('package-checks.test.ts').matchAll(/it\('(.*?)'/g)].map(([, title]) => `package-checks: ${title}`),
    ]
    expect(rows.map(({ test }) => test).filter((test) => !known.includes(test))).toEqual([])
  })

  it('the table of set-ups names every bundler, every kind of Jest, every compiler and every resolution that is tested', () => {
    const all = rows.map(({ name }) => name).join('\n')
    const names = [
      ...named(textOf('bundlers.ts'), 'name'),
      ...named(textOf('runners.test.ts'), 'kind'),
      ...named(textOf('typescript.test.ts'), 'version'),
      ...named(textOf('typescript.test.ts'), 'moduleResolution'),
    ]
    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !all.includes(name))).toEqual([])
  })

  it('the table of set-ups has a sign in every cell', () => {
    const cells = rows.flatMap((row) => row.cells)
    expect(rows.filter((row) => row.cells.length !== 4)).toEqual([])
    expect(cells.filter((cell) => !['✓', '–', 'says what is missing'].includes(cell))).toEqual([])
  })
})
