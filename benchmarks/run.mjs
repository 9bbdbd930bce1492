#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const DIRECTORY = fileURLToPath(new URL('.', import.meta.url))

installOnce()
// Imported only now, because these modules import the packages that were just installed.
const { main } = await import('./harness/main.mjs')
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))
// The processes that were started are ended on exit, so an explicit exit leaves nothing behind.
process.exit(await main(process.argv.slice(2)))

/** The peers are not the package's dependencies: they are installed here, on first use and when the lock file changes. */
function installOnce() {
  const installed = `${DIRECTORY}node_modules/.package-lock.json`
  const lock = `${DIRECTORY}package-lock.json`
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return
  console.error('Installing the peers to measure against, in benchmarks/node_modules …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: DIRECTORY, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
