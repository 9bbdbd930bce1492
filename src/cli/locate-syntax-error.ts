import { execFile } from 'node:child_process'
import { pathToFileURL } from 'node:url'

const TIMEOUT_MS = 10_000

/**
 * File, line and text of a syntax error in a module or in one that it imports; null when they cannot be found. Node
 * prints them only when the error ends a process, so a second process imports the module, which fails before any of its
 * code runs.
 */
export async function locateSyntaxError(file: string): Promise<string | null> {
  const program = `await import(${JSON.stringify(pathToFileURL(file).href)})`
  const stderr = await new Promise<string>((resolve) => {
    execFile(
      process.execPath,
      ['--input-type=module', '-e', program],
      { timeout: TIMEOUT_MS },
      (_error, _stdout, text) => resolve(text),
    )
  })
  const end = stderr.indexOf('\nSyntaxError: ')
  const [location] = stderr.split('\n')
  return end < 0 || !/:\d+$/.test(location ?? '') ? null : stderr.slice(0, end).trimEnd()
}
