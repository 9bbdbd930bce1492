import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli, temporaryFiles, type CliOptions } from './cli-runner.js'

const redis = useRedis()

/** A command line on the suite's Redis, under a prefix of the test's own. */
function createCli(prefix = uniquePrefix('cli')) {
  const cli = (parameters: string[], options: CliOptions = {}) =>
    runCli([...parameters, '--prefix', prefix], { ...options, env: { REDIS_URL: redis.url, ...options.env } })
  const json = async <Document>(...parameters: string[]): Promise<Document> => {
    const { exitCode, stdout, stderr } = await cli(['--json', ...parameters])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    return JSON.parse(stdout) as Document
  }
  return { cli, json, prefix }
}

async function withBeat<Result>(prefix: string, work: (beat: Everybeat) => Promise<Result>): Promise<Result> {
  await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  return await work(beat)
}

const DAILY = ['--cron', '0 9 * * 1-5', '--tz', 'Asia/Shanghai', '--task', 'send-report']

describe('put', () => {
  it('put creates a schedule, reports it as unchanged, and updates it', async () => {
    const { cli, json } = createCli()
    expect(await cli(['put', 'daily', ...DAILY])).toMatchObject({ exitCode: 0, stdout: 'daily created (revision 1)\n' })
    expect(await json('put', 'daily', ...DAILY)).toEqual({ outcome: 'unchanged', revision: 1 })
    expect(await json('put', 'daily', ...DAILY, '--payload', '{"to":"ops"}')).toEqual({
      outcome: 'updated',
      revision: 2,
    })
  })

  it('put writes every field as the API does', async () => {
    const { json, prefix } = createCli()
    await json(
      ...[
        'put',
        'full',
        '--every',
        '5m',
        '--task',
        't',
        '--anchor',
        '2026-01-01T00:00:00Z',
        '--spread',
        '--limit',
        '9',
      ],
      ...['--start', '2026-01-01T00:00:00Z', '--end', '2036-01-01T00:00:00Z', '--exclude', '2026-12-25'],
      ...[
        '--payload',
        '[1]',
        '--enabled',
        'false',
        '--misfire',
        'all',
        '--misfire-grace',
        '30s',
        '--max-catch-up',
        '7',
      ],
      ...['--catch-up-window', '1h', '--overlap', 'allow', '--max-concurrent', '2', '--on-crash', 'rerun'],
      ...['--max-deliveries', '4', '--timeout', '10s', '--retries', '2', '--backoff', '{"type":"fixed","delay":"2s"}'],
      ...['--jitter', '1s', '--pause-after', '5', '--pool', 'big', '--tag', 'a', '--tag', 'b', '--note', 'why'],
      ...['--owner', 'me', '--remove-after', '1d'],
    )
    const schedule = await withBeat(prefix, (beat) => beat.schedules.get('full'))
    expect(schedule).toMatchObject({
      every: '5m',
      task: 't',
      anchor: '2026-01-01T00:00:00Z',
      spread: true,
      limit: 9,
      start: '2026-01-01T00:00:00Z',
      end: '2036-01-01T00:00:00Z',
      exclude: ['2026-12-25'],
      payload: [1],
      enabled: false,
      misfire: 'all',
      misfireGrace: '30s',
      maxCatchUp: 7,
      catchUpWindow: '1h',
      overlap: 'allow',
      maxConcurrent: 2,
      onCrash: 'rerun',
      maxDeliveries: 4,
      timeout: '10s',
      retries: 2,
      backoff: { type: 'fixed', delay: '2s' },
      jitter: '1s',
      pauseAfter: 5,
      pool: 'big',
      tags: ['a', 'b'],
      note: 'why',
      owner: 'me',
      removeAfter: '1d',
    })
  })

  it('put reads a definition from a file or standard input, and options override its fields', async () => {
    const { cli, json } = createCli()
    const folder = temporaryFiles({ 'daily.json': JSON.stringify({ name: 'daily', every: '1h', note: 'file' }) })
    expect((await cli(['put', 'daily', '--file', join(folder, 'daily.json'), '--note', 'option'])).exitCode).toBe(0)
    expect(await json('show', 'daily')).toMatchObject({ every: '1h', note: 'option' })
    expect((await cli(['put', 'daily', '--file', '-'], { input: '{"every":"2h"}' })).stdout).toContain('updated')
    expect(await json('show', 'daily')).toMatchObject({ every: '2h' })
    expect(await cli(['put', 'other', '--file', join(folder, 'daily.json')])).toMatchObject({ exitCode: 2 })
    expect(await cli(['put', 'other', '--file', '-'], { input: '[]' })).toMatchObject({ exitCode: 2 })
  })

  it('put refuses a wrong definition with 2 and the field', async () => {
    const { cli } = createCli()
    const { exitCode, stderr } = await cli(['put', 'daily', '--cron', '0 25 * * *'])
    expect(exitCode).toBe(2)
    expect(stderr).toMatch(/25.*\(ERR_EVERYBEAT_CRON\)/)
    expect((await cli(['show', 'daily'])).exitCode).toBe(1)
  })
})
