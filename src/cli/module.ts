import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Everybeat } from '../index.js'
import { CliFailure } from './failure.js'

/** What a worker's module exports by default: it registers tasks, and may declare schedules. */
export type WorkerSetup = (beat: Everybeat) => void | Promise<void>

const TYPESCRIPT = ['.ts', '.mts', '.cts']

/**
 * Loads a worker's module and gives its default export. TypeScript is left to Node where it strips types by itself,
 * else to the package `tsx`, looked for from the module and from the working directory.
 *
 * @throws CliFailure when there is no such file, no loader for it, or no function as its default export. What the
 * module itself throws comes through as it is.
 */
export async function loadWorkerModule(path: string): Promise<WorkerSetup> {
  const file = resolve(path)
  if (!existsSync(file)) throw new CliFailure('ERR_CLI_USAGE', `there is no module ${file}`)
  if (TYPESCRIPT.includes(extname(file)) && !stripsTypes()) await registerTypeScript(file)
  const namespace = (await import(pathToFileURL(file).href)) as { default?: unknown }
  const setup = defaultExport(namespace)
  if (typeof setup === 'function') return setup as WorkerSetup
  throw new CliFailure('ERR_CLI_USAGE', `${file} has no function as its default export: export default (beat) => { … }`)
}

// Not in the types of the oldest Node that is supported, nor in that Node itself.
function stripsTypes(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript)
}

// CommonJS that a compiler made from `export default` arrives as { default: { default } }.
function defaultExport(namespace: { default?: unknown }): unknown {
  const outer = namespace.default
  if (typeof outer === 'object' && outer !== null && 'default' in outer) return outer.default
  return outer
}

// What `node --import tsx` would do, from the place where tsx is.
async function registerTypeScript(file: string): Promise<void> {
  const loader = tryResolve('tsx', file) ?? tryResolve('tsx', resolve('module.js'))
  if (loader === null) {
    throw new CliFailure(
      'ERR_CLI_USAGE',
      `${file} is TypeScript, which Node ${process.versions.node} does not run by itself: install the package tsx beside it, or compile it`,
    )
  }
  await import(pathToFileURL(loader).href)
}

function tryResolve(specifier: string, from: string): string | null {
  try {
    return createRequire(from).resolve(specifier)
  } catch {
    return null
  }
}
