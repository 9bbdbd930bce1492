import { describe, expect, it } from 'vitest'
import { useRedis } from '../support/redis.js'
import { startCli } from './cli-runner.js'

/** With a password, so that the demo's own plain connection has to know it too. */
const redis = useRedis({ args: ['--requirepass', 'a secret'] })
const withPassword = () => `redis://:${encodeURIComponent('a secret')}@127.0.0.1:${redis.port}/3`
const client = () => redis.connect(withPassword())

const SCHEDULES = ['every-1s', 'every-500ms', 'cron-1s', 'cron-2s', 'jittered', 'once', 'edited', 'slow']

describe('demo', () => {
  it('demo runs on a given Redis, finds no doubled or lost occurrence, and leaves no key behind', async () => {
    const demo = startCli(['demo', '--seconds', '12', '--redis', withPassword()])
    const { exitCode, stdout, stderr } = await demo.ended
    expect({ exitCode, stderr, stdout: exitCode === 0 ? '' : stdout }).toEqual({ exitCode: 0, stderr: '', stdout: '' })
    expect(stdout).not.toContain('\u001b')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100)

    const figures = readFigures(stdout)
    expect(figures).toMatchObject({ doubled: 0, lost: 0, unexpected: 0 })
    expect(figures.run).toBe(figures.due)
    // 12 s of: 2 + 1 + 1 + 0.5 + 0.5 + 0.5 a second, one that goes from 1 to 2 a second, and one instant.
    expect(figures.due).toBeGreaterThan(70)
    expect(figures['taken over']).toBeGreaterThanOrEqual(1)
    expect(stdout).toMatch(/^ {2}lateness +p50 \S+, p99 \S+$/m)

    for (const name of SCHEDULES) expect(stdout).toMatch(new RegExp(`^ *\\d+\\.\\d\\ds +w\\d +${name} `, 'm'))
    expect(stdout).toMatch(/\*\* w\d \(pid \d+\) killed with SIGKILL in the middle of "slow"/)
    expect(stdout).toMatch(/\*\* redis-cli HSET \{everybeat-demo-\w+\}:schedule:edited every 500ms/)
    expect(stdout).toMatch(/\*\* w4 \(pid \d+\) joins/)
    expect(stdout).toMatch(/ w4 +\S+ +\d\d:\d\d:\d\d/)

    for (const [, pid] of stdout.matchAll(/\(pid (\d+)\)/g)) expect(isAlive(Number(pid))).toBe(false)
    expect(await client().dbsize()).toBe(0)
  })

  it('demo starts its own Redis, and gives its verdict as one JSON document', async () => {
    const { exitCode, stdout, stderr } = await startCli(['demo', '--seconds', '8', '--workers', '2', '--json']).ended
    expect(stderr).toContain('a server started for this demo')
    expect(JSON.parse(stdout)).toMatchObject({ doubled: [], lost: [], unexpected: [], passed: true })
    expect(exitCode).toBe(0)
  })

  it('demo exits 1 and names the occurrences that the history lacks', async () => {
    const demo = startCli(['demo', '--seconds', '6', '--redis', withPassword()])
    const ended = demo.ended
    const prefix = /\{(everybeat-demo-\w+)\}/.exec(await demo.line(/keys under/))![1]!
    await demo.line(/every-1s +\d/)
    await demo.line(/joins/)
    await client().del(`{${prefix}}:history:every-1s`)
    const { exitCode, stdout } = await ended
    expect(exitCode).toBe(1)
    expect(readFigures(stdout).lost).toBeGreaterThan(0)
    expect(stdout).toMatch(/^ +every-1s \d{4}-\d\d-\d\dT/m)
  })

  it('demo ends its workers and removes its keys on Ctrl-C', async () => {
    const demo = startCli(['demo', '--redis', withPassword()])
    const ended = demo.ended
    await demo.line(/every-1s +\d/)
    demo.kill('SIGINT')
    const { exitCode, stderr } = await ended
    expect(exitCode).toBe(130)
    expect(stderr).toContain('interrupted')
    expect(await client().dbsize()).toBe(0)
    expect(await connectedWorkers()).toEqual([])
  })

  it('demo refuses a text that is no URL of Redis, without showing its password', async () => {
    for (const redisUrl of ['http://:hunter2@example.com', 'nonsense']) {
      const { exitCode, stderr } = await startCli(['demo', '--redis', redisUrl]).ended
      expect(exitCode).toBe(2)
      expect(stderr).toMatch(/^error: .*redis:\/\/.*\(ERR_EVERYBEAT_OPTIONS\)\n$/)
      expect(stderr).not.toContain('hunter2')
    }
  })

  it('demo fails with a clear line when the given Redis refuses the password', async () => {
    const { exitCode, stderr } = await startCli(['demo', '--redis', `redis://:hunter2@127.0.0.1:${redis.port}`]).ended
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^error: .*WRONGPASS.*\(ERR_EVERYBEAT_CONNECTION\)\n$/)
    expect(stderr).not.toContain('hunter2')
  })

  it('demo fails with a clear line when the given Redis does not answer', async () => {
    const { exitCode, stderr } = await startCli(['demo', '--redis', 'redis://127.0.0.1:1']).ended
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^error: .*127\.0\.0\.1:1\b.*\(ERR_EVERYBEAT_CONNECTION\)\n$/)
  })
})

function readFigures(stdout: string): Record<string, number> {
  const lines = stdout.matchAll(/^ {2}(due|run|doubled|lost|unexpected|taken over) +(\d+)$/gm)
  return Object.fromEntries([...lines].map(([, name, figure]) => [name, Number(figure)]))
}

async function connectedWorkers(): Promise<string[]> {
  const clients = (await client().client('LIST')) as string
  return clients.split('\n').filter((line) => line.includes('name=everybeat'))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
