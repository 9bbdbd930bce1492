import { describe, expect, it } from 'vitest'
import type { BackfillResult, Explanation } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli } from './cli-runner.js'

const redis = useRedis()

function createCli() {
  const prefix = uniquePrefix('cli')
  return (...parameters: string[]) => runCli([...parameters, '--prefix', prefix], { env: { REDIS_URL: redis.url } })
}

describe('explain', () => {
  it('explain says why a schedule does not run, and gives the remedy', async () => {
    const cli = createCli()
    await cli('put', 'daily', '--cron', '0 9 * * *', '--tz', 'Asia/Tokyo')
    await cli('pause', 'daily', '--note', 'holidays')
    const { exitCode, stdout } = await cli('explain', 'daily')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^daily is paused\.\n/)
    expect(stdout).toMatch(/^Because: it is paused since .*: holidays\.$/m)
    expect(stdout).toMatch(/^Try: resume it/m)
    const explanation = JSON.parse((await cli('explain', 'daily', '--json')).stdout) as Explanation
    expect(explanation).toMatchObject({ name: 'daily', state: 'paused', reasons: [{ code: 'paused' }] })
  })

  it('explain reports a missing schedule', async () => {
    expect(await createCli()('explain', 'nothing')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('ERR_CLI_NOT_FOUND'),
    })
  })
})

describe('backfill', () => {
  const RANGE = ['--from', '2026-03-01T00:00:00Z', '--to', '2026-03-20T00:00:00Z']

  it('backfill lists the occurrences that it would run, and runs none with --dry-run', async () => {
    const cli = createCli()
    await cli('put', 'daily', '--cron', '0 9 * * *')
    const { exitCode, stdout } = await cli('backfill', 'daily', ...RANGE, '--dry-run')
    expect(exitCode).toBe(0)
    const lines = stdout.trim().split('\n')
    expect(lines.slice(4, 7)).toEqual(['2026-03-05T09:00:00Z', '… 9 more …', '2026-03-15T09:00:00Z'])
    expect(lines.at(-1)).toBe(
      'daily would run for 19 occurrences, 2026-03-01T09:00:00Z to 2026-03-19T09:00:00Z, one after the other',
    )
    const planned = JSON.parse(
      (await cli('backfill', 'daily', ...RANGE, '--dry-run', '--json')).stdout,
    ) as BackfillResult
    expect(planned).toMatchObject({ outcome: 'planned', count: 19, runIds: [] })
    expect((await cli('explain', 'daily')).stdout).not.toContain('backfilled')
  })

  it('backfill requests the runs at the given pace', async () => {
    const cli = createCli()
    await cli('put', 'daily', '--cron', '0 9 * * *')
    const pace = ['--concurrency', '3', '--max-per-second', '0.5']
    const { exitCode, stdout } = await cli('backfill', 'daily', ...RANGE, ...pace)
    expect(exitCode).toBe(0)
    expect(stdout).toContain(
      'daily will run for 19 occurrences, 2026-03-01T09:00:00Z to 2026-03-19T09:00:00Z, 3 at once, at most 0.5 a second\n',
    )
    expect((await cli('explain', 'daily')).stdout).toContain('18 backfilled occurrences wait')
  })

  it('backfill reports an empty range and a missing schedule', async () => {
    const cli = createCli()
    await cli('put', 'daily', '--cron', '0 9 * * *')
    const empty = ['--from', '2026-03-01T10:00:00Z', '--to', '2026-03-01T11:00:00Z']
    expect((await cli('backfill', 'daily', ...empty)).stdout).toBe('daily has no occurrence in this range\n')
    expect((await cli('backfill', 'nothing', ...empty)).exitCode).toBe(1)
  })

  it('backfill refuses an invalid range and an invalid pace', async () => {
    const cli = createCli()
    await cli('put', 'daily', '--cron', '0 9 * * *')
    const from = ['--from', '2026-03-02T00:00:00Z']
    expect((await cli('backfill', 'daily', ...from)).exitCode).toBe(2)
    expect((await cli('backfill', 'daily', ...from, '--to', '2026-03-01T00:00:00Z')).exitCode).toBe(2)
    expect((await cli('backfill', 'daily', ...RANGE, '--max-per-second', '0')).exitCode).toBe(2)
    expect((await cli('backfill', 'daily', ...RANGE, '--max-per-second', '100000')).exitCode).toBe(2)
  })
})
