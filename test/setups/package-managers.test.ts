import { join } from 'node:path'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { useRedis } from '../support/redis.js'
import { COMMONJS_PROGRAM, PROGRAM, RAN, runNode } from '../support/setup-project.js'
import { ensureSetupTools } from '../support/setup-tools.js'

const redis = useRedis()
let toolsDir: string
let rootDir: string
let tarball: string
beforeAll(async () => {
  toolsDir = await ensureSetupTools()
  rootDir = mkdtempSync(join(tmpdir(), 'everybeat-managers-'))
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', rootDir], {
    cwd: PROJECT_DIR,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  tarball = join(rootDir, (JSON.parse(packed) as [{ filename: string }])[0].filename)
})
afterAll(() => rmSync(rootDir, { recursive: true, force: true }))

function createProject(name: string): string {
  const dir = join(rootDir, name)
  mkdirSync(dir)
  const dependencies = { everybeat: `file:${tarball}`, ioredis: '^5.4' }
  writeFileSync(join(dir, 'package.json'), JSON.stringify({ name, private: true, dependencies }))
  writeFileSync(join(dir, 'app.mjs'), PROGRAM)
  writeFileSync(join(dir, 'app.cjs'), COMMONJS_PROGRAM)
  return dir
}

const PROGRAMS = [
  ['app.mjs', 'loop'],
  ['app.cjs', 'thread'],
] as const

describe('package managers', () => {
  it('a worker runs from an installation by pnpm', async () => {
    const dir = createProject('pnpm')
    const pnpm = join(toolsDir, 'pnpm/bin/pnpm.cjs')
    const options = ['install', '--ignore-workspace', `--config.store-dir=${join(rootDir, 'store')}`]
    expect(await runNode(dir, [pnpm, ...options])).toMatchObject({ code: 0 })
    for (const [program, leaseKeeper] of PROGRAMS) {
      const env = { REDIS_URL: redis.url, LEASE_KEEPER: leaseKeeper }
      expect(await runNode(dir, [program], env)).toEqual({ output: RAN, code: 0 })
    }
  })

  it("a worker runs under Yarn's Plug'n'Play", async () => {
    const dir = createProject('pnp')
    const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim()
    const settings = [
      'nodeLinker: pnp',
      'enableTelemetry: false',
      'enableGlobalCache: false',
      `npmRegistryServer: ${JSON.stringify(registry)}`,
      ...(registry.startsWith('http:') ? ['unsafeHttpWhitelist: ["*"]'] : []),
    ]
    writeFileSync(join(dir, 'yarn.lock'), '')
    writeFileSync(join(dir, '.yarnrc.yml'), `${settings.join('\n')}\n`)
    const yarn = join(toolsDir, '@yarnpkg/cli-dist/bin/yarn.js')
    const env = { REDIS_URL: redis.url, YARN_ENABLE_IMMUTABLE_INSTALLS: 'false' }
    expect(await runNode(dir, [yarn, 'install'], env)).toMatchObject({ code: 0 })
    for (const [program, leaseKeeper] of PROGRAMS) {
      const end = await runNode(dir, [yarn, 'node', '--no-warnings', program], { ...env, LEASE_KEEPER: leaseKeeper })
      expect(end).toEqual({ output: RAN, code: 0 })
    }
  })
})
