import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PROJECT_DIR } from './build.js'

const LISTED = join(PROJECT_DIR, 'test/setups/tools')
const FILES = ['package.json', 'package-lock.json']

/**
 * Installs the compilers, test runners and bundlers of the set-up tests, once for each state of their lock file, and gives
 * the folder of their packages. They are many and large, and no other test needs them.
 */
export async function ensureSetupTools(): Promise<string> {
  const state = createHash('sha1')
  for (const file of FILES) state.update(readFileSync(join(LISTED, file)))
  const dir = join(PROJECT_DIR, 'node_modules/.cache', `setups-${state.digest('hex').slice(0, 12)}`)
  const mark = join(dir, 'installed')
  if (!existsSync(mark)) {
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(dir, { recursive: true })
    for (const file of FILES) copyFileSync(join(LISTED, file), join(dir, file))
    const options = ['ci', '--no-audit', '--no-fund', '--ignore-scripts']
    await promisify(execFile)('npm', options, { cwd: dir, maxBuffer: 64 * 1024 * 1024 })
    writeFileSync(mark, '')
  }
  return join(dir, 'node_modules')
}
