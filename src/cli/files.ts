import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { CliFailure } from './failure.js'
import { readJson } from './definition-options.js'

/** The text of a file; standard input has the name `standard input`. */
export interface TextFile {
  readonly name: string
  readonly text: string
}

/** Reads a JSON document from a file, or from standard input for `-`; throws a usage failure that names the source. */
export async function readJsonFile(path: string, expected: 'object' | 'array'): Promise<object> {
  const { name, text: content } = await readTextFile(path)
  const document = readJson(content, name)
  const isArray = Array.isArray(document)
  if (typeof document !== 'object' || document === null || isArray !== (expected === 'array')) {
    throw new CliFailure('ERR_CLI_USAGE', `${name} holds no JSON ${expected}`)
  }
  return document
}

/** Reads a file as text, or standard input for `-`; throws a usage failure that names it. */
export async function readTextFile(path: string): Promise<TextFile> {
  const name = path === '-' ? 'standard input' : path
  try {
    return { name, text: path === '-' ? await text(process.stdin) : await readFile(path, 'utf8') }
  } catch (cause) {
    throw new CliFailure('ERR_CLI_USAGE', `cannot read ${name}: ${(cause as Error).message}`, { cause })
  }
}

/**
 * Reads a file, standard input for `-`, or the files of a folder and of the folders in it, in the order of their names.
 *
 * @param endings only files that end so are read from a folder; without any, every file that is not hidden
 */
export async function readTextFiles(path: string, endings: readonly string[] = []): Promise<TextFile[]> {
  const isFolder =
    path !== '-' &&
    (await stat(path).then(
      (found) => found.isDirectory(),
      () => false,
    ))
  if (!isFolder) return [await readTextFile(path)]
  const found = await readdir(path, { recursive: true, withFileTypes: true })
  const files = found
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .filter(({ name }) => endings.length === 0 || endings.some((ending) => name.endsWith(ending)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
  if (files.length === 0) {
    const what = endings.length === 0 ? 'no file' : `no file that ends in ${endings.join(', ')}`
    throw new CliFailure('ERR_CLI_USAGE', `${path} holds ${what}`)
  }
  return Promise.all(files.map(readTextFile))
}
