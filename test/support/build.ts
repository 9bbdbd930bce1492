import { execFile } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** The project's top folder, without a slash at its end. */
export const PROJECT_DIR = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '')

const SRC = join(PROJECT_DIR, 'src')
const DIST = join(PROJECT_DIR, 'dist')

/**
 * Builds `dist/` when it is missing or older than its sources; a file whose source is gone counts as old. Type errors
 * are shown and do not stop a run of some tests: `npm test` and `npm run ok` check types before they come here.
 */
export async function ensureBuild(onProgress: (line: string) => void): Promise<void> {
  const reason = whyStale()
  if (reason === null) return
  onProgress(`Building dist/: ${reason}.`)
  rmSync(DIST, { recursive: true, force: true })
  await promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: PROJECT_DIR }).catch((error: { stdout: string }) => {
    const why = `npm run build failed:\n${error.stdout.trim()}`
    if (whyStale() !== null) throw new Error(why)
    onProgress(why)
  })
}

function whyStale(): string | null {
  if (!existsSync(DIST)) return 'it is missing'
  const configs = ['tsconfig.json', 'tsconfig.build.json', 'package.json'].map((name) => join(PROJECT_DIR, name))
  const configuredAt = Math.max(...configs.map(changedAt))
  for (const source of filesBelow(SRC).filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))) {
    const output = join(DIST, relative(SRC, source)).replace(/ts$/, 'js')
    if (!existsSync(output)) return `${relative(PROJECT_DIR, output)} is missing`
    if (changedAt(output) < Math.max(changedAt(source), configuredAt)) return `${relative(PROJECT_DIR, output)} is old`
  }
  for (const output of filesBelow(DIST).filter((file) => file.endsWith('.js'))) {
    const source = join(SRC, relative(DIST, output)).replace(/js$/, 'ts')
    if (!existsSync(source) && !existsSync(`${source}x`) && !existsSync(join(SRC, relative(DIST, output))))
      return `${relative(PROJECT_DIR, output)} has no source`
  }
  return null
}

function filesBelow(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function changedAt(file: string): number {
  return statSync(file).mtimeMs
}
