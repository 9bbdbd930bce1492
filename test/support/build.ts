import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ENTRIES, filesOfEntry } from '../tools/build/entries.js'

/** The project's top folder, without a slash at its end. */
export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

const SRC = join(PROJECT_DIR, 'src')
const DIST = join(PROJECT_DIR, 'dist')
const BUILD_TOOLS = join(PROJECT_DIR, 'test/tools/build')

/**
 * Builds `dist/` when it is missing or older than its sources or than the tools that build it. Type errors
 * are shown and do not stop a run of some tests: `npm test` and `npm run ok` check types before they come here.
 */
export async function ensureBuild(onProgress: (line: string) => void): Promise<void> {
  const reason = whyStale()
  if (reason === null) return
  onProgress(`Building dist/: ${reason}.`)
  await promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: PROJECT_DIR }).catch((error: { stdout: string }) => {
    const why = `npm run build failed:\n${error.stdout.trim()}`
    if (whyStale() !== null) throw new Error(why)
    onProgress(why)
  })
}

function whyStale(): string | null {
  const outputs = Object.values(ENTRIES).flatMap((source) => Object.values(filesOfEntry(source)))
  const missing = outputs.find((path) => !existsSync(join(DIST, path)))
  if (missing !== undefined) return `dist/${missing} is missing`
  const builtAt = Math.min(...outputs.map((path) => changedAt(join(DIST, path))))
  const configs = ['tsconfig.json', 'tsconfig.build.json', 'package.json'].map((name) => join(PROJECT_DIR, name))
  // A folder changes when a file in it is added, renamed or removed.
  const inputs = [...configs, ...pathsBelow(SRC), ...pathsBelow(BUILD_TOOLS)]
  const newer = inputs.find((path) => changedAt(path) > builtAt)
  return newer === undefined ? null : `${relative(PROJECT_DIR, newer)} is newer`
}

function pathsBelow(dir: string): string[] {
  return [dir, ...readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((path) => join(dir, path))]
}

function changedAt(file: string): number {
  return statSync(file).mtimeMs
}
