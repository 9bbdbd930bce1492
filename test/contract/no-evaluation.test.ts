import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { listFiles, parseSource, readSources, type SourceFile } from '../support/sources.js'

/** Files that may do what the rest may not, with what and why. None of them gets anything from Redis there. */
const EXCEPTIONS: Record<string, readonly string[]> = {
  // The module that a person names on the command line.
  'cli/module.ts': ['import', 'createRequire', 'node:fs'],
  // A path that is written in the code.
  'time/solar.ts': ['createRequire'],
  'cli/program.ts': ['node:fs'],
  // Files and programs that a person names, and a temporary folder for the editor.
  'cli/session.ts': ['node:fs'],
  'cli/files.ts': ['node:fs'],
  'cli/commands/export.ts': ['node:fs'],
  'cli/commands/simulate.ts': ['node:fs'],
  'cli/edit/edit-in-editor.ts': ['node:fs', 'node:child_process'],
  'cli/edit/editor-command.ts': ['node:fs'],
  'cli/commands/init.ts': ['node:fs'],
  'cli/config.ts': ['node:fs'],
  // The module that a person names, imported in a process of its own.
  'cli/locate-syntax-error.ts': ['node:child_process'],
  'cli/demo/workers.ts': ['node:child_process'],
  // The browser of the person who asks for it, at an address that this process makes.
  'cli/commands/dashboard.ts': ['node:child_process'],
  // The built pages, whose names are checked.
  'dashboard/page-assets.ts': ['node:fs', 'createRequire'],
  // A thread of the product's own code, with what this process knows.
  'redis/lease/spawn-lease-thread.ts': ['node:fs', 'node:worker_threads'],
  'redis/lease/lease-thread-main.ts': ['node:worker_threads'],
  // Commands that a worker runs when its code says so: no text is evaluated by this process.
  'shell/command.ts': ['node:child_process'],
  // Throw-away servers for tests.
  'testing/install-redis.ts': ['node:fs', 'node:child_process'],
  'testing/find-program.ts': ['node:fs'],
  'testing/redis-process.ts': ['node:fs', 'node:child_process'],
  'testing/redis-server.ts': ['node:fs'],
}

const MODULES = ['node:vm', 'node:fs', 'node:child_process', 'node:worker_threads', 'node:repl', 'node:inspector']

const LUA_POWERS =
  /\b(?:loadstring|load|loadfile|dofile|require|setfenv|getfenv|debug\.\w+|setmetatable|rawset)\b\s*[({'"]|redis\.p?call\((?!')[^,)]{0,7}/g

/** What in a file evaluates text, loads code by a computed name, or reaches for files and programs. */
function findPowers({ syntax, imports }: SourceFile): Set<string> {
  const found = new Set<string>()
  for (const { specifier, isTypeOnly } of imports) {
    const name = MODULES.find((module) => {
      return [module, module.slice(5)].some((one) => specifier === one || specifier.startsWith(`${one}/`))
    })
    if (name !== undefined && !isTypeOnly) found.add(name)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const callee = node.expression
      const name = ts.isIdentifier(callee) ? callee.text : ''
      if (['eval', 'Function', 'createRequire', 'require'].includes(name)) found.add(name)
      // Text in place of a function.
      if (['setTimeout', 'setInterval', 'setImmediate'].includes(name) && ts.isStringLiteralLike(node.arguments![0]!))
        found.add(name)
      if (callee.kind === ts.SyntaxKind.ImportKeyword && !ts.isStringLiteral(node.arguments![0]!)) found.add('import')
    }
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'constructor' && ts.isCallExpression(node.parent))
      found.add('constructor')
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}

describe('nothing that comes from Redis is evaluated or used as a path', () => {
  it('no file of src evaluates text, loads code by name or uses files and programs, except the listed files', () => {
    const found = readSources().flatMap((source) => {
      const allowed = EXCEPTIONS[source.path] ?? []
      return [...findPowers(source)]
        .filter((power) => !allowed.includes(power))
        .map((power) => `${source.path}: ${power}`)
    })
    expect(found).toEqual([])
  })

  it('every listed exception is in use', () => {
    const sources = new Map(readSources().map((source) => [source.path, source]))
    const unused = Object.entries(EXCEPTIONS).flatMap(([path, powers]) => {
      const used = sources.has(path) ? findPowers(sources.get(path)!) : new Set()
      return powers.filter((power) => !used.has(power)).map((power) => `${path}: ${power}`)
    })
    expect(unused).toEqual([])
  })

  it('no script of Lua builds code or calls a command whose name comes from a key or an argument', () => {
    const folder = join('src', 'redis', 'scripts')
    const scripts = listFiles(folder).filter((path) => path.endsWith('.lua'))
    expect(scripts.length).toBeGreaterThan(20)
    const found = scripts.flatMap((path) => {
      const code = readFileSync(join(PROJECT_DIR, folder, path), 'utf8').replace(/--.*$/gm, '')
      return [...code.matchAll(LUA_POWERS)].map(([power]) => `${path}: ${power}`)
    })
    expect(found).toEqual(['lib/arguments.lua: redis.call(command', 'lib/repair.lua: redis.pcall(PROBES['])
  })

  it.each([
    ["eval('1')", 'eval'],
    ["new Function('return 1')", 'Function'],
    ["setTimeout('stop()', 1)", 'setTimeout'],
    ['await import(name)', 'import'],
    ["import { Script } from 'vm'", 'node:vm'],
    ["import { readFile } from 'node:fs/promises'", 'node:fs'],
    ["(() => 1).constructor('return 1')()", 'constructor'],
  ])('the rule finds the forbidden power in %s', (text, power) => {
    expect([...findPowers(parseSource('probe.ts', text))]).toEqual([power])
  })

  it.each(['loadstring(text)()', 'load(text)', 'dofile(name)', 'redis.call(command, key)'])(
    'the rule finds the evaluation of a Lua text in %s',
    (text) => {
      expect(text.match(LUA_POWERS)).not.toBeNull()
    },
  )
})
