import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { runNode } from '../support/setup-project.js'
import { ensureSetupTools } from '../support/setup-tools.js'

let toolsDir: string
let packDir: string
let tarball: string
beforeAll(async () => {
  toolsDir = await ensureSetupTools()
  packDir = mkdtempSync(join(tmpdir(), 'everybeat-checks-'))
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', packDir]
  const packed = execFileSync('npm', options, { cwd: PROJECT_DIR, encoding: 'utf8', maxBuffer: 2 ** 26 })
  tarball = join(packDir, (JSON.parse(packed) as [{ filename: string }])[0].filename)
})
afterAll(() => rmSync(packDir, { recursive: true, force: true }))

describe('checkers of packages', () => {
  it('Are the types wrong? finds nothing, for any entry under any resolution', async () => {
    const attw = join(toolsDir, '@arethetypeswrong/cli/dist/index.js')
    const { output, code } = await runNode(packDir, [attw, tarball, '--no-color', '--no-emoji'])
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('No problems found') })
  })

  it('publint finds nothing', async () => {
    const publint = join(toolsDir, 'publint/src/cli.js')
    const { output, code } = await runNode(packDir, [publint, 'run', tarball, '--strict'])
    expect({ code, output }).toMatchObject({ code: 0, output: expect.stringContaining('All good!') })
  })

  it('knip finds no unused file, export or dependency', async () => {
    const knip = join(toolsDir, 'knip/bin/knip.js')
    expect(await runNode(PROJECT_DIR, [knip, '--no-progress', '--config', 'test/setups/knip.json'])).toEqual({
      output: '',
      code: 0,
    })
  })
})
