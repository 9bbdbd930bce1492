import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'

const VITEST = join(PROJECT_DIR, 'node_modules/vitest/vitest.mjs')
const ROOT = join(PROJECT_DIR, 'test/support/fixtures/counted')

it.each([
  ['good', '1 passed, 0 failed, 0 skipped', 0],
  ['all-states broken', '2 passed, 3 failed, 2 skipped', 1],
  ['no-such-file', '0 passed, 1 failed, 0 skipped', 1],
])('a run of %s ends with the line "%s"', (files, line, exitCode) => {
  const args = [VITEST, 'run', '--root', ROOT, ...files.split(' ')]
  const run = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
  expect(run.stdout.split('\n').slice(-2)).toEqual([line, ''])
  expect(run.status).toBe(exitCode)
})
