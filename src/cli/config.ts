import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { EverybeatOptions } from '../index.js'
import { CliFailure } from './failure.js'
import { importModule } from './module.js'

/** The names of a configuration file; the first one in a folder is used. */
export const CONFIG_FILES = [
  'everybeat.config.js',
  'everybeat.config.mjs',
  'everybeat.config.ts',
  'everybeat.config.json',
]

/** A configuration that was found: options of `new Everybeat(…)`, and the path of their file. */
export interface FoundConfig {
  readonly file: string
  readonly options: EverybeatOptions
}

/**
 * Finds the configuration file in a folder or in the folders above it, and reads its options. If its default export is
 * a function, it is called and awaited.
 *
 * @throws CliFailure when the file holds no options; an error of its code is passed on with file and line
 */
export async function findConfig(folder: string): Promise<FoundConfig | null> {
  const file = findUpwards(resolve(folder))
  if (file === null) return null
  const exported = file.endsWith('.json') ? await readJsonConfig(file) : await importModule(file)
  const options: unknown = typeof exported === 'function' ? await (exported as () => unknown)() : exported
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new CliFailure('ERR_CLI_USAGE', `${file} exports no options by default: export default { redis, prefix }`)
  }
  return { file, options }
}

function findUpwards(folder: string): string | null {
  const found = CONFIG_FILES.map((name) => join(folder, name)).find((file) => existsSync(file))
  if (found !== undefined) return found
  const above = dirname(folder)
  return above === folder ? null : findUpwards(above)
}

async function readJsonConfig(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown
  } catch (cause) {
    throw new CliFailure('ERR_CLI_USAGE', `${file} is not JSON: ${(cause as Error).message}`, { cause })
  }
}
