import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { readSteps } from '../support/page-steps.js'
import { useRedis } from '../support/redis.js'
import { runNode } from '../support/setup-project.js'

const redis = useRedis()
let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'everybeat-next-'))
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', dir]
  const packed = execFileSync('npm', options, { cwd: PROJECT_DIR, encoding: 'utf8', maxBuffer: 2 ** 26 })
  const tarball = `file:${join(dir, (JSON.parse(packed) as [{ filename: string }])[0].filename)}`
  const tools = readFileSync(join(PROJECT_DIR, 'test/setups/tools/package.json'), 'utf8')
  const { next, react, ...others } = (JSON.parse(tools) as { dependencies: Record<string, string> }).dependencies
  const dependencies = { everybeat: tarball, ioredis: '^5.4', next, react, 'react-dom': others['react-dom'] }
  write('package.json', JSON.stringify({ name: 'with-next', private: true, dependencies }))
  write('app/layout.js', 'export default ({ children }) => <html><body>{children}</body></html>\n')
  write('app/page.js', 'export default () => <p>hello</p>\n')
  // The files of the guide, as they are; its schedule fires each minute, which is too seldom for a test.
  const guide = readFileSync(join(PROJECT_DIR, 'docs/guides/bundlers.md'), 'utf8')
  for (const step of readSteps(guide)) {
    if (step.kind === 'file' && step.path.endsWith('.ts'))
      write(step.path, step.text.replace("every: '1m'", "every: '1s'"))
  }
  execFileSync('npm', ['install', '--no-audit', '--no-fund'], { cwd: dir, stdio: 'ignore' })
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

describe('Next.js 16', () => {
  it.each([
    ['in its bundle', [], []],
    ['left out of the bundle of Turbopack', ['everybeat'], []],
    ['left out of the bundle of webpack', ['everybeat'], ['--webpack']],
    ['in the bundle of webpack', [], ['--webpack']],
  ])('a Next.js server with Everybeat %s is a worker, with the files of the guide', async (_, external, options) => {
    const config = { serverExternalPackages: external, typescript: { ignoreBuildErrors: true } }
    write('next.config.js', `module.exports = ${JSON.stringify(config)}\n`)
    rmSync(join(dir, '.next'), { recursive: true, force: true })
    const next = join(dir, 'node_modules/next/dist/bin/next')
    const env = { NEXT_TELEMETRY_DISABLED: '1', REDIS_URL: redis.url }
    const { output, code } = await runNode(dir, [next, 'build', ...options], env)
    expect({ code, output }).toMatchObject({ code: 0 })
    expect(await firstTick(next, env)).toMatch(/tick of /)
  })
})

/** Starts the server, waits for the first tick, and ends it. */
function firstTick(next: string, env: Record<string, string>): Promise<string> {
  const server = spawn(process.execPath, [next, 'start', '-p', '0'], { cwd: dir, env: { ...process.env, ...env } })
  let output = ''
  return new Promise((resolve) => {
    const hear = (text: Buffer): void => {
      output += text.toString()
      if (output.includes('tick of ')) server.kill('SIGKILL')
    }
    server.stdout.on('data', hear)
    server.stderr.on('data', hear)
    server.once('close', () => resolve(output))
  })
}
