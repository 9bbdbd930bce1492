import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { listFiles, packageOf, parseSource, readSources } from '../support/sources.js'
import * as rules from './architecture-rules.js'

const GENERATED = ['redis/scripts/generated.ts', 'memory/lua/lua-5.1.generated.ts']
const MAX_LINES = 300
const sources = readSources().filter(({ path }) => !GENERATED.includes(path))

describe('the sources', () => {
  it('the rules check a large number of sources', () => {
    expect(sources.map(({ path }) => path)).toContain('errors.ts')
  })

  it('the sources import in one direction', () => {
    expect(rules.findWrongArrows(sources)).toEqual([])
  })

  it('the engine loads the memory store only when an instance connects to it', () => {
    expect(rules.findEagerMemory(sources)).toEqual([])
  })

  it('the sources have no circular import', () => {
    expect(rules.findCycles(sources)).toEqual([])
  })

  it('the sources import each outside package in one file', () => {
    expect(rules.findSecondDoors(sources)).toEqual([])
  })

  it('the sources import only what package.json declares', () => {
    const declared = readManifest()
    const names = [...Object.keys(declared.dependencies), ...Object.keys(declared.peerDependencies)]
    const used = sources.flatMap(({ imports }) => imports.filter(({ file }) => file === null))
    const packages = used
      .filter(({ specifier }) => !specifier.startsWith('node:'))
      .map((use) => packageOf(use.specifier))
    expect([...new Set(packages)].filter((name) => !names.includes(name))).toEqual([])
  })

  it('the sources use every dependency that package.json declares', () => {
    const used = new Set(sources.flatMap(({ imports }) => imports.map(({ specifier }) => packageOf(specifier))))
    expect(Object.keys(readManifest().dependencies).filter((name) => !used.has(name))).toEqual([])
  })

  it('the sources name built-in modules with their prefix', () => {
    const bare =
      /^(assert|buffer|child_process|crypto|dns|events|fs|http|https|module|net|os|path|readline|stream|timers|tls|url|util|worker_threads|zlib)(\/|$)/
    const offences = sources.flatMap(({ path, imports }) =>
      imports.filter(({ specifier }) => bare.test(specifier)).map(({ specifier }) => `${path}: ${specifier}`),
    )
    expect(offences).toEqual([])
  })

  it('the folders time and schedule have no I/O, clock or random number', () => {
    expect(rules.findImpurity(sources)).toEqual([])
  })

  it('the engine takes clocks, timers and random numbers from a time source', () => {
    expect(rules.findClockUse(sources)).toEqual([])
  })

  it('the sources have no vague file name', () => {
    expect(
      rules.findVagueNames([...listFiles('src'), ...listFiles('test').filter((path) => !path.startsWith('types/'))]),
    ).toEqual([])
  })

  it('only the entries of subpaths re-export', () => {
    expect(rules.findBarrels(sources)).toEqual([])
  })

  it('every export of the sources has a doc comment', () => {
    expect(rules.findUndocumentedExports(sources)).toEqual([])
  })

  it.each(['src', 'test'])(`the sources have at most ${MAX_LINES} lines a file in %s`, (folder) => {
    const files = listFiles(folder).filter((path) => /\.(ts|tsx|mjs|lua)$/.test(path) && !GENERATED.includes(path))
    const lengths = files.map((path) => [path, countLines(join(PROJECT_DIR, folder, path))] as const)
    expect(lengths.filter(([, count]) => count > MAX_LINES)).toEqual([])
  })
})

describe('the rules', () => {
  const found = (rule: (files: ReturnType<typeof readSources>) => string[], files: Record<string, string>) =>
    rule(Object.entries(files).map(([path, text]) => parseSource(path, text)))

  it.each([
    ['time/a.ts', '../schedule/b.js'],
    ['schedule/a.ts', '../worker/b.js'],
    ['schedule/a.ts', '../options/options.js'],
    ['events/a.ts', '../worker/b.js'],
    ['options/a.ts', '../events/b.js'],
    ['errors.ts', './time/b.js'],
    ['worker/a.ts', '../redis/b.js'],
    ['worker/a.ts', '../everybeat.js'],
    ['redis/a.ts', '../worker/tick.js'],
    ['redis/a.ts', '../worker/store.js'],
    ['worker/a.ts', '../index.js'],
    ['worker-runtime.ts', './everybeat.js'],
    ['everybeat.ts', './index.js'],
    ['everybeat.ts', './cli/program.js'],
    ['bullmq/a.ts', '../everybeat.js'],
    ['bullmq/a.ts', '../nestjs/module.js'],
    ['cli/a.ts', '../time/cron.js'],
    ['cli/a.ts', '../errors.js'],
  ])('the rules refuse that %s imports %s', (path, target) => {
    expect(found(rules.findWrongArrows, { [path]: `import { x } from '${target}'` })).toHaveLength(1)
  })

  it.each([
    ['control/a.ts', '../worker/store.js'],
    ['worker/a.ts', '../control/store.js'],
    ['worker/a.ts', '../redis/keys.js'],
    ['control/a.ts', '../redis/keys.js'],
  ])('the rules refuse that %s imports even a type of %s', (path, target) => {
    expect(found(rules.findWrongArrows, { [path]: `import type { x } from '${target}'` })).toHaveLength(1)
  })

  it.each([
    ['time/a.ts', "import { x } from '../errors.js'"],
    ['schedule/a.ts', "import { x } from '../time/b.js'"],
    ['events/a.ts', "import { x } from '../options/b.js'"],
    ['worker/a.ts', "import { x } from '../options/options.js'"],
    ['redis/a.ts', "import type { x } from '../worker/store.js'"],
    ['redis/a.ts', "import { type x } from '../worker/store.js'"],
    ['redis/a.ts', "import type { x } from '../worker/listeners.js'"],
    ['redis/a.ts', "import { x } from './scripts/generated.js'"],
    ['everybeat.ts', "import { x } from './worker/loop.js'"],
    ['index.ts', "export { x } from './everybeat.js'"],
    ['cli/commands/a.ts', "import { x } from '../../index.js'"],
    ['cli/a.ts', "import { x } from '../dashboard/index.js'"],
    ['testing/a.ts', "import { x } from '../errors.js'"],
  ])('the rules accept in %s: %s', (path, text) => {
    expect(found(rules.findWrongArrows, { [path]: text })).toEqual([])
  })

  it('the rules find circular imports, also of types and through dynamic imports', () => {
    const files = {
      'time/a.ts': "import type { x } from './b.js'",
      'time/b.ts': "export const y = () => import('./c.js')",
      'time/c.ts': "export * from './a.js'",
    }
    expect(found(rules.findCycles, files)).toEqual(['time/a.ts → time/b.ts → time/c.ts → time/a.ts'])
  })

  it('the rules find a second file that imports a package, and accept types of ioredis', () => {
    const files = {
      'redis/a.ts': "import { Redis } from 'ioredis'",
      'redis/b.ts': "import type { Redis } from 'ioredis'",
      'time/a.ts': "import { DateTime } from 'luxon'",
      'time/b.ts': "import type { Zone } from 'luxon/zone'",
    }
    expect(found(rules.findSecondDoors, files)).toEqual(['luxon: time/a.ts, time/b.ts'])
    expect(found(rules.findSecondDoors, { ...files, 'redis/b.ts': "await import('ioredis')" })).toHaveLength(2)
  })

  it.each([
    'Date.now()',
    'new Date()',
    'Math.random()',
    'const now = performance.now',
    'setTimeout(f, 1)',
    'queue.push(setImmediate)',
    'Atomics.wait(cells, 0, 0, 1)',
    "import { setTimeout as delay } from 'node:timers/promises'",
    "import { randomUUID } from 'node:crypto'",
  ])('the engine must not use %s, an integration and the time source may', (text) => {
    expect(found(rules.findClockUse, { 'worker/a.ts': text })).toHaveLength(1)
    expect(found(rules.findClockUse, { 'everybeat.ts': text })).toHaveLength(1)
    expect(found(rules.findClockUse, { 'cli/a.ts': text, 'time-source.ts': text })).toEqual([])
  })

  it('the engine may use the timers of a time source', () => {
    const text = 'time.setTimeout(f, time.monotonic()); new Date(0)'
    expect(found(rules.findClockUse, { 'worker/a.ts': text })).toEqual([])
  })

  it.each([
    'Date.now()',
    'new Date()',
    'Date()',
    'Math.random()',
    'performance.now()',
    'process.env',
    'setTimeout(f, 1)',
    'DateTime.now()',
    'globalThis.x',
    "import { readFileSync } from 'node:fs'",
    "import { randomUUID } from 'node:crypto'",
  ])('the rules call %s impure in time/, and accept it in worker/', (text) => {
    expect(found(rules.findImpurity, { 'time/a.ts': text })).toHaveLength(1)
    expect(found(rules.findImpurity, { 'worker/a.ts': text })).toEqual([])
  })

  it.each([
    'new Date(5)',
    'process.versions.tz',
    'Date.UTC(1, 2)',
    'Math.floor(1)',
    'x.process',
    'const y = { process: 1 }',
  ])('the rules call %s pure', (text) => {
    expect(found(rules.findImpurity, { 'time/a.ts': text })).toEqual([])
  })

  it('the rules find vague names, barrels and exports without a comment', () => {
    expect(rules.findVagueNames(['time/cron.ts', 'utils/a.ts', 'worker/types.ts'])).toEqual([
      'utils/a.ts',
      'worker/types.ts',
    ])
    const files = {
      'a/index.ts': "export * from './b.js'",
      'a/b/index.ts': '',
      'a/c.ts': "export { x } from './b.js'",
      'a/d.ts': "export { y } from 'luxon'",
    }
    expect(found(rules.findBarrels, files)).toHaveLength(2)
    const exports = '/** Told. */\nexport const a = 1\nexport const b = 2\nexport interface C {}\nconst d = 3'
    expect(found(rules.findUndocumentedExports, { 'a.ts': exports })).toEqual(['a.ts: b', 'a.ts: C'])
  })
})

function readManifest(): Record<'dependencies' | 'peerDependencies', Record<string, string>> {
  return JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8')) as ReturnType<typeof readManifest>
}

function countLines(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1
}
