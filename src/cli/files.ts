import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { CliFailure } from './failure.js'
import { readJson } from './definition-options.js'

/** Reads a JSON document from a file, or from standard input for `-`; throws a usage failure that names the source. */
export async function readJsonFile(path: string, expected: 'object' | 'array'): Promise<object> {
  const source = path === '-' ? 'standard input' : path
  const document = readJson(await readText(path, source), source)
  const isArray = Array.isArray(document)
  if (typeof document !== 'object' || document === null || isArray !== (expected === 'array')) {
    throw new CliFailure('ERR_CLI_USAGE', `${source} holds no JSON ${expected}`)
  }
  return document
}

async function readText(path: string, source: string): Promise<string> {
  try {
    return path === '-' ? await text(process.stdin) : await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliFailure('ERR_CLI_USAGE', `cannot read ${source}: ${(cause as Error).message}`, { cause })
  }
}
