import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { freePort } from '../support/free-port.js'
import { listFiles } from '../support/sources.js'
import { expressionOf, readSteps, type PageStep } from '../support/page-steps.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
let rootDir: string
let tarball: string
beforeAll(() => {
  rootDir = mkdtempSync(join(tmpdir(), 'everybeat-guides-'))
  const options = ['pack', '--json', '--ignore-scripts', '--pack-destination', rootDir]
  const packed = execFileSync('npm', options, { cwd: PROJECT_DIR, encoding: 'utf8', maxBuffer: 2 ** 26 })
  tarball = join(rootDir, (JSON.parse(packed) as [{ filename: string }])[0].filename)
})
afterAll(() => rmSync(rootDir, { recursive: true, force: true }))

const pages = listFiles('docs/guides').flatMap((name) => {
  const steps = name.endsWith('.md') ? readSteps(readFileSync(join(PROJECT_DIR, 'docs/guides', name), 'utf8')) : []
  return steps.some(({ kind }) => kind === 'run') ? [{ name, steps }] : []
})

describe('guides, step by step', () => {
  it('the guides of set-ups are among the tested guides', () => {
    const names = [
      'getting-started.md',
      'plain-node.md',
      'typescript.md',
      'test-runners.md',
      'bundlers.md',
      'logging.md',
      'pm2.md',
      'bullmq.md',
      'fastify.md',
      'node-cron.md',
      'nestjs.md',
      'nitro.md',
      'webhooks.md',
      'shell.md',
      'monitoring.md',
      'testing.md',
    ]
    expect(names.filter((name) => !pages.some((page) => page.name === name))).toEqual([])
  })

  it.each(pages)('the steps of $name work from an empty folder', async ({ name, steps }) => {
    const dir = join(rootDir, name.replace('.md', ''))
    mkdirSync(dir)
    for (const step of steps) if (step.kind === 'file') writeStep(dir, step)
    for (const [index, step] of steps.entries()) {
      if (step.kind !== 'run') continue
      const shown = steps.slice(index + 1).find(({ kind }) => kind !== 'file')
      const expected = shown?.kind === 'shows' ? expressionOf(shown.lines) : null
      for (const [position, command] of step.commands.entries()) {
        const isLast = position === step.commands.length - 1
        await runCommand(dir, command, isLast ? expected : null)
      }
    }
  })
})

function writeStep(dir: string, { path, text }: Extract<PageStep, { kind: 'file' }>): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

/** Runs a command to its end, or where it is to show something, until that has appeared: then it gets the signal to end. */
async function runCommand(dir: string, command: string, expected: RegExp | null): Promise<void> {
  // The package as it would be published, in place of what is published.
  const local = command.replace(/^npm install (.*)\beverybeat\b/, `npm install --no-audit --no-fund $1${tarball}`)
  const env = {
    ...process.env,
    REDIS_URL: redis.url,
    PORT: String(await freePort()),
    PM2_HOME: join(dir, '.pm2'),
    NODE_OPTIONS: '',
    CI: 'true',
  }
  const child = spawn('bash', ['-c', `exec ${local}`], { cwd: dir, env })
  let output = ''
  let hasShown = false
  await new Promise<void>((resolve, reject) => {
    const hear = (text: Buffer): void => {
      output += text.toString()
      if (expected === null || hasShown || !expected.test(output)) return
      hasShown = true
      child.kill('SIGTERM')
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      const isGood = expected === null ? code === 0 : hasShown && (code === 0 || signal === 'SIGTERM')
      if (isGood) resolve()
      else reject(new Error(`${command} in ${dir} ended with ${code ?? signal}; it printed:\n${output}`))
    })
  })
}
