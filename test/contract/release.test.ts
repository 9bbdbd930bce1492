import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { readManifest } from '../support/packed.js'

const GROUPS = ['Added', 'Changed', 'Deprecated', 'Removed', 'Fixed', 'Performance', 'Security']
const changelog = readFileSync(join(PROJECT_DIR, 'docs/changelog.md'), 'utf8')

describe('the changelog', () => {
  it('the changelog begins with the unreleased changes, and then has each version with its date, newest first', () => {
    const [first, ...versions] = [...changelog.matchAll(/^## (.*)$/gm)].map(([, title]) => title ?? '')
    expect(first).toBe('[Unreleased]')
    expect(versions.filter((title) => !/^\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/.test(title))).toEqual([])
    const numbers = versions.map((title) =>
      title
        .replace(/^\[([\d.]+)\].*/, '$1')
        .split('.')
        .map(Number),
    )
    const sorted = [...numbers].sort((a, b) => b[0]! - a[0]! || b[1]! - a[1]! || b[2]! - a[2]!)
    expect(numbers).toEqual(sorted)
  })

  it('the changelog names the kinds of changes by the words of Keep a Changelog, and Performance', () => {
    const titles = [...changelog.matchAll(/^### (.*)$/gm)].map(([, title]) => title ?? '')
    expect(titles.filter((title) => !GROUPS.includes(title))).toEqual([])
  })
})

describe('a release', () => {
  it('a release is identical to the byte, wherever and whenever it is packed', async () => {
    const sums: string[] = []
    for (const seconds of [1_600_000_000, 1_700_000_000]) {
      const dir = mkdtempSync(join(tmpdir(), 'everybeat-pack-'))
      onTestFinished(() => rmSync(dir, { recursive: true }))
      utimesSync(join(PROJECT_DIR, 'LICENSE'), seconds, seconds)
      await promisify(execFile)('npm', ['pack', '--ignore-scripts', '--pack-destination', dir], { cwd: PROJECT_DIR })
      const [name = ''] = readdirSync(dir)
      sums.push(
        createHash('sha256')
          .update(readFileSync(join(dir, name)))
          .digest('hex'),
      )
    }
    expect(sums[0]).toBe(sums[1])
  })

  it('a release lists the licence of each package that is installed with it', () => {
    const page = readFileSync(join(PROJECT_DIR, 'docs/releases.md'), 'utf8')
    const listed = [...page.matchAll(/^\| `([^`]+)` +\| ([^|]+?) +\|$/gm)].map(([, name, licence]) => [name, licence])
    expect(listed).toEqual(installedLicences())
  })
})

/** The packages that `npm install everybeat` brings, and their licences, by name. */
function installedLicences(): string[][] {
  const found = new Map<string, string>()
  const visit = (names: string[], from: string): void => {
    for (const name of names) {
      const file = findManifest(name, from)
      if (found.has(name)) continue
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object | undefined>
      found.set(name, String(manifest['license']))
      visit(Object.keys({ ...manifest['dependencies'], ...manifest['optionalDependencies'] }), file)
    }
  }
  visit(Object.keys(readManifest().dependencies), join(PROJECT_DIR, 'package.json'))
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1))
}

function findManifest(name: string, from: string): string {
  const folders = createRequire(from).resolve.paths(name) ?? []
  for (const folder of folders) {
    try {
      const file = join(folder, name, 'package.json')
      readFileSync(file)
      return file
    } catch {
      continue
    }
  }
  throw new Error(`${name} is not installed beside ${dirname(from)}`)
}
