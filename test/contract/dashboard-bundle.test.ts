import { readdirSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'

const APP = join(PROJECT_DIR, 'dist/dashboard/app')
const ASSETS = join(APP, 'assets')
const KB = 1_000
const page = readFileSync(join(APP, 'index.html'), 'utf8')
const read = (name: string) => readFileSync(join(ASSETS, name))
const packedSize = (names: Iterable<string>) => [...names].reduce((sum, name) => sum + gzipSync(read(name)).length, 0)

/** Scripts that run before anything is shown: those of the document, and what they import at once. */
function firstScripts(): Set<string> {
  const found = new Set<string>()
  const queue = [...page.matchAll(/(?:src|href)="\.\/assets\/([\w.-]+\.js)"/g)].map(([, name]) => name!)
  for (const name of queue) {
    if (found.has(name)) continue
    found.add(name)
    const imports = read(name)
      .toString()
      .matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([\w.-]+\.js)["']/g)
    queue.push(...[...imports].map(([, imported]) => imported!))
  }
  return found
}

describe('the built pages of the dashboard', () => {
  it('the first view takes at most 60 kB of compressed scripts and 12 kB of styles', () => {
    const scripts = firstScripts()
    expect(scripts.size).toBeGreaterThan(0)
    expect(packedSize(scripts)).toBeLessThanOrEqual(60 * KB)
    const styles = [...page.matchAll(/href="\.\/assets\/([\w.-]+\.css)"/g)].map(([, name]) => name!)
    expect(styles.length).toBeGreaterThan(0)
    expect(packedSize(styles)).toBeLessThanOrEqual(12 * KB)
  })

  it('charts and YAML are loaded only when a page needs them', () => {
    const later = readdirSync(ASSETS).filter((name) => name.endsWith('.js') && !firstScripts().has(name))
    expect(later.length).toBeGreaterThanOrEqual(2)
  })

  it('no page, style or script of the dashboard loads anything from another host', () => {
    const texts = [
      page,
      ...readdirSync(ASSETS)
        .filter((name) => /\.(js|css|svg)$/.test(name))
        .map((name) => read(name).toString()),
    ]
    const loading = /(?:src|href|url|import|fetch|from)\s*[=(]?\s*["'(]\s*(?:https?:)?\/\/[^"')]+/g
    for (const text of texts) expect(text.match(loading) ?? []).toEqual([])
  })

  it('the server of the dashboard needs no package that the engine does not need', () => {
    const entry = readFileSync(join(PROJECT_DIR, 'dist/dashboard/index.cjs'), 'utf8')
    const packages = [...entry.matchAll(/\brequire\("([^"]+)"\)/g)].map(([, name]) => name!)
    expect(packages.filter((name) => !isBuiltin(name) && !name.startsWith('.'))).toEqual([])
  })
})
