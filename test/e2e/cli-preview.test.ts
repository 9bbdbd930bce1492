import { describe, expect, it } from 'vitest'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli } from './cli-runner.js'

const redis = useRedis()

describe('preview', () => {
  const gap = [
    'preview',
    '--cron',
    '30 2 * * *',
    '--tz',
    'America/New_York',
    '--from',
    '2026-03-07T06:00:00Z',
    '-n',
    '3',
  ]

  it('preview needs no Redis, and shows the gap of a clock change', async () => {
    const { exitCode, stdout } = await runCli([...gap, '--json'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } })
    expect(exitCode).toBe(0)
    const upcoming = JSON.parse(stdout) as { at: string; local: string }[]
    expect(upcoming.map(({ at }) => at)).toEqual([
      '2026-03-07T07:30:00.000Z',
      '2026-03-08T07:00:00.000Z',
      '2026-03-09T06:30:00.000Z',
    ])
  })

  it('preview fits 80 columns, and has no colour in a pipe', async () => {
    const { exitCode, stdout } = await runCli(gap)
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^At 02:30, in America\/New_York\.$/m)
    expect(stdout).toMatch(/2026-03-08T07:00:00Z.*\n {2}clocks go forward/)
    expect(stdout).not.toContain('\u001b')
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('preview has colour with FORCE_COLOR, and none with --no-color', async () => {
    const env = { FORCE_COLOR: '1' }
    expect((await runCli(gap, { env })).stdout).toContain('\u001b[')
    expect((await runCli([...gap, '--no-color'], { env })).stdout).not.toContain('\u001b[')
  })
})

describe('refused triggers', () => {
  it.each([
    [['preview', '--cron', '61 * * * *'], /61/],
    [['preview', '--cron', '0 9 * * *', '--tz', 'Mars/Olympus'], /Mars\/Olympus/],
    [['preview'], /cron/],
    [['next', 'a', '-n', '0'], /Give a whole number from 1 up/],
  ])('the refused trigger %j ends the command with exit code 2 and one line', async (parameters, message) => {
    const { exitCode, stdout, stderr } = await runCli(parameters)
    expect(stderr).toMatch(message)
    expect(stderr).toMatch(/^error: .* \(ERR_[A-Z_]+\)\n$/)
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  })

  it('the JSON error about a refused trigger has the field and the value', async () => {
    const { exitCode, stderr } = await runCli(['--json', 'preview', '--cron', '0 9 * * *', '--tz', 'Mars/Olympus'])
    expect(exitCode).toBe(2)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'ERR_EVERYBEAT_ZONE', field: 'tz', value: 'Mars/Olympus' },
    })
  })
})

describe('next', () => {
  const prefix = uniquePrefix('next')
  const cli = (...parameters: string[]) =>
    runCli([...parameters, '--prefix', prefix], { env: { REDIS_URL: redis.url } })

  it('next gives the coming instants of a schedule', async () => {
    await cli('put', 'daily', '--cron', '0 9 * * 1-5', '--tz', 'Asia/Shanghai')
    const { stdout } = await cli('next', 'daily', '-n', '3', '--json')
    const upcoming = JSON.parse(stdout) as { at: string; local: string }[]
    expect(upcoming).toHaveLength(3)
    for (const { at, local } of upcoming) {
      expect(at).toMatch(/T01:00:00\.000Z$/)
      expect(local).toMatch(/^\S+ 09:00:00 \+08:00$/)
    }
    expect((await cli('next', 'daily')).stdout).toMatch(/^LOCAL +UTC +FROM NOW\n(.+in \d.*\n){5}$/)
  })

  it('next reports a finished schedule and a missing schedule', async () => {
    await cli('put', 'past', '--at', '2020-01-01T00:00:00Z')
    expect(await cli('next', 'past')).toMatchObject({ exitCode: 0, stdout: 'No further instant follows.\n' })
    expect(await cli('next', 'nothing')).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no schedule') })
  })
})
