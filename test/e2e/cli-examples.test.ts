import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli, startCli } from './cli-runner.js'

const redis = useRedis()
const example = (name: string) => join(PROJECT_DIR, 'docs/examples', name)

function environment() {
  const prefix = uniquePrefix('example')
  const env = { REDIS_URL: redis.url }
  const cli = (...parameters: string[]) => runCli([...parameters, '--prefix', prefix], { env })
  const worker = (name: string) => startCli(['worker', example(name), '--prefix', prefix], { env })
  return { prefix, cli, worker }
}

describe('docs/examples', () => {
  it('worker.mjs greets every second', async () => {
    const { cli, worker } = environment()
    const child = worker('worker.mjs')
    await child.line(/^\d{4}-\S+Z hello, world$/)
    child.kill('SIGTERM')
    expect(await child.ended).toMatchObject({ exitCode: 0, stderr: '' })
    const history = JSON.parse((await cli('history', 'greet-the-world', '--json')).stdout) as object[]
    expect(history[0]).toMatchObject({ outcome: 'ok', result: { greeted: 'world' } })
  })

  it('worker.ts declares a report and sends it when asked to', async () => {
    const { cli, worker } = environment()
    const child = worker('worker.ts')
    await child.line(/worker \S+ is up/)
    expect(JSON.parse((await cli('show', 'daily-report', '--json')).stdout)).toMatchObject({ tz: 'Asia/Shanghai' })
    expect(await cli('run', 'daily-report', '--wait')).toMatchObject({ exitCode: 0 })
    await child.line(/^page 3 to ops$/)
    child.kill('SIGTERM')
    expect((await child.ended).exitCode).toBe(0)
  })

  it('plain-node.mjs ticks and stops on SIGTERM', async () => {
    const { prefix } = environment()
    const { PATH = '' } = process.env
    const child = spawn(process.execPath, [example('plain-node.mjs')], {
      env: { PATH, REDIS_URL: redis.url, PREFIX: prefix },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    onTestFinished(() => void child.kill('SIGKILL'))
    // The worker logs a line when it is up, and then the task writes its own.
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line)
      if (line.startsWith('tick')) break
    }
    expect(lines.at(-1)).toMatch(/^tick of \d{4}-/)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('schedules.json can be imported, and imported again without a change', async () => {
    const { cli } = environment()
    expect((await cli('import', example('schedules.json'))).stdout).toBe('2 created, 0 updated, 0 unchanged\n')
    expect((await cli('import', example('schedules.json'))).stdout).toBe('0 created, 0 updated, 2 unchanged\n')
    const { stdout } = await cli('ls', '--tag', 'reports')
    expect(stdout).toMatch(/^daily-report +active +cron 0 9 \* \* 1-5 Asia\S* +in \S+/m)
  })
})
