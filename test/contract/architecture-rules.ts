import ts from 'typescript'
import { ENTRIES } from '../tools/build/entries.js'
import { packageOf, type SourceFile } from '../support/sources.js'

const PARTS = ['worker', 'control', 'redis']
const PURE_FOLDERS = ['time', 'schedule']
/** Folders of what all parts share: the options of an instance, and the events that it emits. */
const WORD_FOLDERS = ['options', 'events']
/** Files on top of the parts, in this order; every other file beside them is a word that the parts share. */
const TOP_FILES = ['worker-runtime.ts', 'task-handle.ts', 'everybeat.ts', 'health-handler.ts', 'index.ts']
/** What pure code may take from Node: it computes, and touches nothing; `node:module` loads an optional library. */
const PURE_BUILTINS = ['node:util', 'node:assert', 'node:module']
const IMPURE_GLOBALS = ['performance', 'process', 'fetch', 'console', 'crypto', 'globalThis', 'navigator']
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'require']
const VAGUE_NAMES = /^(utils?|helpers?|common|misc|shared|types?|constants|interfaces|review|others?|regressions?)$/

/** What a rule found: one line for each offence, `file: what`. */
export type Offences = string[]

/** Checks the direction of every import between files of `src`. */
export function findWrongArrows(sources: readonly SourceFile[]): Offences {
  return sources.flatMap(({ path, imports }) =>
    imports.flatMap(({ file, isTypeOnly }) => {
      const why = file === null ? null : whyWrongArrow(path, file, isTypeOnly)
      return why === null ? [] : [`${path} imports ${file}: ${why}`]
    }),
  )
}

function whyWrongArrow(from: string, to: string, isTypeOnly: boolean): string | null {
  const store = whyWrongMemory(from, to)
  if (store !== undefined) return store
  const [source, target] = [placeOf(from), placeOf(to)]
  if (source === 'integration' || target === 'integration') return whyWrongIntegration(from, to)
  if (source === target) return null
  if (rankOf(target) < rankOf(source)) return null
  if (PARTS.includes(source) && PARTS.includes(target)) {
    if (source !== 'redis') return `${source} needs nothing of ${target}; the shapes that they share lie in schedule`
    return isTypeOnly && isPort(target, to) ? null : 'redis sees the types of the ports of a part'
  }
  return `${source} is below ${target}`
}

/** The files that say what a part needs of Redis, which `redis/` implements or calls. */
function isPort(part: string, path: string): boolean {
  return ['store', 'listeners', 'lease-thread'].some((name) => path === `${part}/${name}.ts`)
}

/**
 * The memory store knows nothing of the engine, which knows it by its entry alone; undefined where neither is the other.
 * That the engine loads it with the first connection only is held by a test of its own.
 */
function whyWrongMemory(from: string, to: string): string | null | undefined {
  const [source, target] = [folderOf(from), folderOf(to)]
  if (source !== 'memory' && target !== 'memory') return undefined
  if (source === target) return null
  if (source === 'memory') return to === 'errors.ts' ? null : 'the memory store needs nothing but the errors'
  return to === 'memory/index.ts' ? null : 'the memory store is known by its entry'
}

/** Finds files of the engine that load the memory store before an instance connects to it. */
export function findEagerMemory(sources: readonly SourceFile[]): Offences {
  return sources
    .filter(({ path }) => !['memory', 'testing'].includes(folderOf(path)))
    .filter(({ syntax }) =>
      syntax.statements.some((node) => ts.isImportDeclaration(node) && /memory\/index/.test(node.getText())),
    )
    .map(({ path }) => path)
}

/** An integration proves that the public API is enough: beside itself it sees public entries and the test tools. */
function whyWrongIntegration(from: string, to: string): string | null {
  const [source, target] = [folderOf(from), folderOf(to)]
  if (source === target) return null
  // The simulation computes with the triggers and policies of the engine, and needs nothing else of it.
  if (from.startsWith('testing/simulation/') && PURE_FOLDERS.includes(target)) return null
  if (placeOf(from) !== 'integration') return 'integrations are on top, nothing of the core imports them'
  if (/^([^/]+\/)?index\.ts$/.test(to) || target === 'testing') return null
  // Each mount of the dashboard is an entry of its own.
  if (/^dashboard\/mount\/\w+\.ts$/.test(to)) return null
  // Throw-away servers need the errors alone; a fleet on virtual time hands its workers their time source.
  if (source === 'testing' && (to === 'errors.ts' || to === 'time-source.ts')) return null
  return 'integrations import public entries (index.ts) only'
}

/** The place of a file in the order of imports: a folder, a single file, `word` or `integration`. */
function placeOf(path: string): string {
  const folder = folderOf(path)
  if (folder === '') return path === 'errors.ts' || TOP_FILES.includes(path) ? path : 'word'
  return [...PARTS, ...PURE_FOLDERS, ...WORD_FOLDERS].includes(folder) ? folder : 'integration'
}

function rankOf(place: string): number {
  const order = [
    ['errors.ts'],
    ['time'],
    ['schedule'],
    ['word'],
    ['options'],
    ['events'],
    PARTS,
    ...TOP_FILES.map((file) => [file]),
  ]
  return order.findIndex((places) => places.includes(place))
}

function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : ''
}

/** Finds circles of imports; types count too, for they are read together. */
export function findCycles(sources: readonly SourceFile[]): Offences {
  const targets = new Map(
    sources.map(({ path, imports }) => [path, imports.flatMap(({ file }) => (file === null ? [] : [file]))]),
  )
  const done = new Set<string>()
  const cycles: Offences = []
  const walk = (path: string, trail: string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) return void cycles.push([...trail.slice(start), path].join(' → '))
    if (done.has(path)) return
    for (const target of targets.get(path) ?? []) walk(target, [...trail, path])
    done.add(path)
  }
  for (const { path } of sources) walk(path, [])
  return cycles
}

/** Files that open a client which a user names: the Redis of another system, and a Cluster on the command line. */
const FOREIGN_REDIS = ['moving-in/readers/open-source.ts', 'cli/open-cluster.ts']

/** Each outside package has one door; types of `ioredis`, the fleet's own client, may be named anywhere. */
export function findSecondDoors(sources: readonly SourceFile[]): Offences {
  const doors = new Map<string, Set<string>>()
  for (const { path, imports } of sources) {
    for (const { specifier, file, isTypeOnly } of imports) {
      const name = packageOf(specifier)
      if (file !== null || specifier.startsWith('node:') || (name === 'ioredis' && isTypeOnly)) continue
      if (name === 'ioredis' && FOREIGN_REDIS.includes(path)) continue
      // The test kit hands out clients of its own store.
      if (name === 'ioredis' && path === 'testing/fleet/test-client.ts') continue
      doors.set(name, (doors.get(name) ?? new Set()).add(path))
    }
  }
  return [...doors].flatMap(([name, files]) => (files.size > 1 ? [`${name}: ${[...files].join(', ')}`] : []))
}

/** Finds I/O, clocks, timers and randomness in the pure folders: all of that comes in as a parameter. */
export function findImpurity(sources: readonly SourceFile[]): Offences {
  const offences: Offences = []
  for (const { path, imports, syntax } of sources.filter((source) => PURE_FOLDERS.includes(folderOf(source.path)))) {
    for (const { specifier } of imports) {
      if (specifier.startsWith('node:') && !PURE_BUILTINS.includes(specifier)) offences.push(`${path}: ${specifier}`)
      if (packageOf(specifier) === 'ioredis') offences.push(`${path}: ${specifier}`)
    }
    const visit = (node: ts.Node): void => {
      const what = impureUse(node)
      if (what !== null) offences.push(`${path}: ${what}`)
      ts.forEachChild(node, visit)
    }
    visit(syntax)
  }
  return offences
}

/** Files beside the integrations that may read the machine's clocks: their source, and what measures or serves a thread. */
const CLOCK_READERS = [
  'time-source.ts',
  'redis/lease/lease-thread.ts',
  'redis/lease/lease-thread-main.ts',
  'redis/reshard/reshard.ts',
  'redis/stores/server-facts.ts',
]
const CLOCK_CALLS = ['setTimeout', 'setInterval', 'setImmediate', 'clearTimeout', 'clearInterval', 'clearImmediate']

/** Finds clocks, timers and random numbers of the machine in the engine: all of them come in as a `TimeSource`. */
export function findClockUse(sources: readonly SourceFile[]): Offences {
  const offences: Offences = []
  const isChecked = ({ path }: SourceFile) => placeOf(path) !== 'integration' && !CLOCK_READERS.includes(path)
  for (const { path, imports, syntax } of sources.filter(isChecked)) {
    for (const { specifier } of imports) {
      if (/^node:(timers|crypto|perf_hooks)/.test(specifier)) offences.push(`${path}: ${specifier}`)
    }
    const visit = (node: ts.Node): void => {
      const what = clockUse(node)
      if (what !== null) offences.push(`${path}: ${what}`)
      ts.forEachChild(node, visit)
    }
    visit(syntax)
  }
  return offences
}

function clockUse(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) {
    const text = `${node.expression.getText()}.${node.name.text}`
    const isClock = /^(Date\.now|Math\.random|Atomics\.wait|process\.hrtime|performance\..*|crypto\..*)$/.test(text)
    return isClock ? text : null
  }
  if (ts.isNewExpression(node)) {
    return node.expression.getText() === 'Date' && !node.arguments?.length ? 'new Date()' : null
  }
  if (!ts.isIdentifier(node) || !CLOCK_CALLS.includes(node.text)) return null
  return isPlainUse(node) ? node.text : null
}

function impureUse(node: ts.Node): string | null {
  if (ts.isPropertyAccessExpression(node)) {
    const text = `${node.expression.getText()}.${node.name.text}`
    return ['Date.now', 'Math.random', 'DateTime.now', 'DateTime.local'].includes(text) ? text : null
  }
  if (ts.isNewExpression(node)) {
    return node.expression.getText() === 'Date' && !node.arguments?.length ? 'new Date()' : null
  }
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression)) {
    if (node.expression.text === 'Date') return 'Date()'
    if (TIMERS.includes(node.expression.text)) return node.expression.text
  }
  if (!ts.isIdentifier(node) || !IMPURE_GLOBALS.includes(node.text)) return null
  return isPlainUse(node) ? node.text : null
}

/** Neither the name of a property nor of a declaration. */
function isPlainUse(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) {
    // Which zone data the runtime computes with is as constant as the runtime itself.
    return parent.expression === node && parent.getText() !== 'process.versions'
  }
  return !('name' in parent && parent.name === node) && !ts.isImportSpecifier(parent)
}

/** Finds files and folders whose name says nothing. */
export function findVagueNames(paths: readonly string[]): Offences {
  return paths.filter((path) => path.split('/').some((part) => VAGUE_NAMES.test(part.replace(/(\.test)?\.[^.]+$/, ''))))
}

/** Finds re-exports of own files anywhere but at the entry of a subpath; the door of an outside package may hand it on. */
export function findBarrels(sources: readonly SourceFile[]): Offences {
  return sources
    .filter(({ path }) => !/^([^/]+\/)?index\.ts$/.test(path) && !Object.values(ENTRIES).includes(path))
    .flatMap(({ path, syntax }) => [
      ...(path.endsWith('/index.ts') ? [`${path}: an index.ts that is no subpath entry`] : []),
      ...syntax.statements
        .filter((node) => ts.isExportDeclaration(node) && /from '\./.test(node.getText()))
        .map((node) => `${path}: ${node.getText()}`),
    ])
}

/** Finds exported declarations without a doc comment. */
export function findUndocumentedExports(sources: readonly SourceFile[]): Offences {
  return sources.flatMap(({ path, syntax }) => {
    const seen = new Set<string>()
    return syntax.statements.flatMap((node) => {
      if (!ts.canHaveModifiers(node)) return []
      if (!ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) return []
      const name = nameOf(node)
      // Overloads share the words of the first.
      if (seen.has(name)) return []
      seen.add(name)
      return ts.getJSDocCommentsAndTags(node).length === 0 ? [`${path}: ${name}`] : []
    })
  })
}

function nameOf(node: ts.Node): string {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.map(({ name }) => name.getText()).join(', ')
  const named = node as ts.Node & { name?: ts.Node }
  return named.name?.getText() ?? node.getText().slice(0, 40)
}
