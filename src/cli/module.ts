import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Everybeat } from '../index.js'
import { CliFailure } from './failure.js'
import { locateSyntaxError } from './locate-syntax-error.js'

/** The default export of a worker's module: it registers tasks, and may declare schedules. */
export type WorkerSetup = (beat: Everybeat) => void | Promise<void>

const TYPESCRIPT = ['.ts', '.mts', '.cts']

/**
 * Loads a worker's module and gives its default export.
 *
 * @throws CliFailure when the file does not exist, no loader for it is installed, or its default export is no function;
 *   an error of the module itself is the `cause`, with file, line and stack
 */
export async function loadWorkerModule(path: string): Promise<WorkerSetup> {
  const file = resolve(path)
  if (!existsSync(file)) throw new CliFailure('ERR_CLI_USAGE', `there is no module ${file}`)
  const setup = await importModule(file)
  if (typeof setup === 'function') return setup as WorkerSetup
  throw new CliFailure('ERR_CLI_USAGE', `${file} has no function as its default export: export default (beat) => { … }`)
}

/**
 * Imports a module of the user and gives its default export. Node loads TypeScript if it strips types by itself,
 * otherwise the package `tsx` does, which is searched from the module and from the working directory.
 */
export async function importModule(file: string): Promise<unknown> {
  if (TYPESCRIPT.includes(extname(file)) && !stripsTypes()) await registerTypeScript(file)
  // A top-level await that never settles does not keep the process alive: it would end without a message and with code
  // 0.
  const onEmptyLoop = (): void => {
    process.stderr.write(
      `error: ${file}: a top-level await never settles, so the module is never loaded (ERR_CLI_FAILED)\n`,
    )
    process.exit(1)
  }
  process.once('beforeExit', onEmptyLoop)
  try {
    return defaultExport((await import(pathToFileURL(file).href)) as { default?: unknown })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    if (cause instanceof SyntaxError && !cause.stack?.includes('file:')) {
      const location = await locateSyntaxError(file)
      if (location !== null) cause.stack = `${location}\n${cause.name}: ${message}`
    }
    throw new CliFailure('ERR_CLI_FAILED', `${file} cannot be loaded: ${message}`, { cause })
  } finally {
    process.off('beforeExit', onEmptyLoop)
  }
}

// The oldest supported Node, and its types, do not have this property.
function stripsTypes(): boolean {
  return Boolean((process.features as { typescript?: unknown }).typescript)
}

// CommonJS that a compiler made from `export default` arrives as { default: { default } }.
function defaultExport(namespace: { default?: unknown }): unknown {
  const outer = namespace.default
  if (typeof outer === 'object' && outer !== null && 'default' in outer) return outer.default
  return outer
}

// Registers tsx as `node --import tsx` does, from the folder in which it is installed.
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
