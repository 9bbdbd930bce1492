import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A way to bundle the program `app.js` into the folder `out`. */
export interface Bundler {
  readonly name: string
  /** What it makes of the program. */
  readonly file: string
  /** Whether it builds the file of the lease thread beside it. */
  readonly hasThread: boolean
  /** The module that bundles; it runs in the folder of the project. */
  script(toolsDir: string): string
}

const ownPackage = (specifier: string): string =>
  JSON.stringify(pathToFileURL(createRequire(import.meta.url).resolve(specifier)).href)
const tool = (toolsDir: string, path: string): string => JSON.stringify(pathToFileURL(join(toolsDir, path)).href)

/** What esbuild needs so that CommonJS packages, as ioredis is one, can require built-in modules in an ES module. */
const BANNER =
  "import { createRequire } from 'node:module'; import { fileURLToPath } from 'node:url'; import { dirname } from 'node:path'; const require = createRequire(import.meta.url); const __filename = fileURLToPath(import.meta.url); const __dirname = dirname(__filename);"

const esbuild = (format: 'esm' | 'cjs', hasThread: boolean): string => {
  const thread = hasThread ? ", 'everybeat-lease-thread': 'everybeat/lease-thread'" : ''
  const ending = format === 'esm' ? '.mjs' : '.cjs'
  const banner = format === 'esm' ? `, banner: { js: ${JSON.stringify(BANNER)} }` : ''
  return `import { build } from ${ownPackage('esbuild')}
    await build({ entryPoints: { app: './app.js'${thread} }, outdir: 'out', bundle: true, platform: 'node',
      format: '${format}', outExtension: { '.js': '${ending}' }${banner}, logLevel: 'warning' })`
}

const rolldown = (format: 'esm' | 'cjs'): string => `import { rolldown } from ${ownPackage('rolldown')}
  const input = { app: './app.js', 'everybeat-lease-thread': 'everybeat/lease-thread' }
  const bundle = await rolldown({ input, platform: 'node' })
  await bundle.write({ dir: 'out', format: '${format}', entryFileNames: '[name].${format === 'esm' ? 'mjs' : 'cjs'}' })`

const rollup = (toolsDir: string): string => `import { rollup } from ${ownPackage('rollup')}
  import resolve from ${tool(toolsDir, '@rollup/plugin-node-resolve/dist/es/index.js')}
  import commonjs from ${tool(toolsDir, '@rollup/plugin-commonjs/dist/es/index.js')}
  import json from ${tool(toolsDir, '@rollup/plugin-json/dist/es/index.js')}
  const input = { app: './app.js', 'everybeat-lease-thread': 'everybeat/lease-thread' }
  const bundle = await rollup({ input, plugins: [resolve({ preferBuiltins: true }), commonjs(), json()] })
  await bundle.write({ dir: 'out', format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' })`

const webpack = (toolsDir: string): string => `import webpack from ${tool(toolsDir, 'webpack/lib/index.js')}
  const entry = { app: './app.js', 'everybeat-lease-thread': 'everybeat/lease-thread' }
  const output = { path: process.cwd() + '/out', filename: '[name].cjs' }
  webpack({ mode: 'production', target: 'node20', entry, output }, (error, stats) => {
    if (error) throw error
    if (stats.hasErrors() || stats.hasWarnings()) console.log(stats.toString({ all: false, errors: true, warnings: true }))
    process.exitCode = stats.hasErrors() ? 1 : 0
  })`

const ncc = (toolsDir: string): string => `import { execFileSync } from 'node:child_process'
  const ncc = new URL(${tool(toolsDir, '@vercel/ncc/dist/ncc/cli.js')})
  execFileSync(process.execPath, [ncc.pathname, 'build', 'app.js', '-o', 'out'], { stdio: ['ignore', 'ignore', 'inherit'] })`

/** The bundlers that the tests take. */
export const BUNDLERS: readonly Bundler[] = [
  { name: 'esbuild-esm', file: 'app.mjs', hasThread: true, script: () => esbuild('esm', true) },
  { name: 'esbuild-cjs', file: 'app.cjs', hasThread: true, script: () => esbuild('cjs', true) },
  { name: 'esbuild-one-file', file: 'app.cjs', hasThread: false, script: () => esbuild('cjs', false) },
  { name: 'rolldown-esm', file: 'app.mjs', hasThread: true, script: () => rolldown('esm') },
  { name: 'rolldown-cjs', file: 'app.cjs', hasThread: true, script: () => rolldown('cjs') },
  { name: 'rollup', file: 'app.mjs', hasThread: true, script: rollup },
  { name: 'webpack', file: 'app.cjs', hasThread: true, script: webpack },
  { name: 'ncc', file: 'index.js', hasThread: false, script: ncc },
]
