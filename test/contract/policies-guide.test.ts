import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'

const guide = readFileSync(join(PROJECT_DIR, 'docs/guides/policies.md'), 'utf8')
const tests = ['test/redis', 'test/e2e']
  .flatMap((folder) => readdirSync(join(PROJECT_DIR, folder)).map((file) => join(PROJECT_DIR, folder, file)))
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(file, 'utf8'))

const rows = guide
  .split('\n')
  .filter((line) => /^\| .* \|$/.test(line) && !/^\| -/.test(line) && !line.includes('| shown by'))
  .map((line) => line.slice(2, -2).split(' | '))

describe('docs/guides/policies.md', () => {
  it('docs/guides/policies.md has a test in the last cell of every row', () => {
    expect(rows.length).toBeGreaterThan(40)
    expect(rows.filter((cells) => !/^`[^`]+`\s*$/.test(cells.at(-1)!))).toEqual([])
  })

  it.each(rows.map((cells) => [cells.at(-1)!.trim().slice(1, -1)]))(
    'docs/guides/policies.md names an existing test: %s',
    (title) => {
      const titles = [`'${title}'`, `'${title.replaceAll("'", "\\'")}'`]
      expect(tests.some((text) => titles.some((wanted) => text.includes(wanted)))).toBe(true)
    },
  )
})
