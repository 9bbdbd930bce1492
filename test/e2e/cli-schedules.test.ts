import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { tryFindProgram } from '../../src/testing/find-program.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { MAIN, runCli, temporaryFiles, type CliOptions } from './cli-runner.js'

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

const DAILY = ['--cron', '0 9 * * 1-5', '--tz', 'Asia/Shanghai', '--task', 'send-report']

describe('ls', () => {
  it('ls shows schedules as a table, which is never cut in a pipe', async () => {
    const { cli, json } = createCli()
    expect((await cli(['ls'])).stdout).toBe('No schedules.\n')
    await json('put', 'daily', ...DAILY)
    const long = 'a-schedule-with-a-rather-long-name-that-goes-on-and-on-'.repeat(2)
    await json('put', long, '--every', '5m')
    await json('pause', 'daily')
    const { stdout } = await cli(['ls'])
    expect(stdout).toMatch(/^NAME +STATE +TRIGGER +NEXT +LAST +TASK$/m)
    expect(stdout).toMatch(/^daily +paused +cron 0 9/m)
    expect(stdout).toMatch(/ in [1-5]?\d[ms]/)
    expect(stdout).toContain(`${long}  active`)
  })

  it('ls filters, limits, and gives the JSON of the API', async () => {
    const { cli, json } = createCli()
    await json('put', 'mail:1', '--every', '1h', '--task', 'mail', '--tag', 'red')
    await json('put', 'mail:2', '--every', '1h', '--task', 'mail', '--owner', 'ops')
    await json('put', 'sms:1', '--every', '1h', '--task', 'sms', '--tag', 'red')
    const names = async (...parameters: string[]) =>
      (await json<{ name: string }[]>('ls', ...parameters)).map(({ name }) => name).sort()
    expect(await names()).toEqual(['mail:1', 'mail:2', 'sms:1'])
    expect(await names('--match', 'mail:*')).toEqual(['mail:1', 'mail:2'])
    expect(await names('--task', 'sms')).toEqual(['sms:1'])
    expect(await names('--tag', 'red')).toEqual(['mail:1', 'sms:1'])
    expect(await names('--owner', 'ops')).toEqual(['mail:2'])
    const limited = await cli(['ls', '--json', '--limit', '2'])
    expect(JSON.parse(limited.stdout)).toHaveLength(2)
    expect(limited.stderr).toContain('--all')
    expect(JSON.parse((await cli(['ls', '--json', '--limit', '2', '--all'])).stdout)).toHaveLength(3)
  })
})

describe('show', () => {
  it('show shows definition and state', async () => {
    const { cli, json } = createCli()
    await json('put', 'daily', ...DAILY, '--tag', 'a', '--tag', 'b')
    expect(await json('show', 'daily')).toMatchObject({
      name: 'daily',
      revision: 1,
      state: 'active',
      cron: '0 9 * * 1-5',
      tz: 'Asia/Shanghai',
      next: expect.stringMatching(/T01:00:00\.000Z$/),
      last: null,
    })
    const { stdout } = await cli(['show', 'daily'])
    expect(stdout).toMatch(/^name +daily$/m)
    expect(stdout).toMatch(/^next +\S+T01:00:00Z \(in .*\)$/m)
    expect(stdout).toMatch(/^tags +a, b$/m)
  })

  it('show reports a missing schedule', async () => {
    const { cli } = createCli()
    const { exitCode, stderr } = await cli(['show', 'nothing'])
    expect(exitCode).toBe(1)
    expect(stderr).toBe('error: no schedule "nothing" under this prefix (ERR_CLI_NOT_FOUND)\n')
  })
})

describe('edit', () => {
  it('edit sets and unsets fields, and keeps the others', async () => {
    const { json } = createCli()
    await json('put', 'daily', ...DAILY, '--note', 'old')
    await json('edit', 'daily', '--set', 'cron=0 10 * * *', '--set', 'retries=3', '--unset', 'note')
    const schedule = await json<object>('show', 'daily')
    expect(schedule).toMatchObject({ cron: '0 10 * * *', retries: 3, tz: 'Asia/Shanghai', task: 'send-report' })
    expect(schedule).not.toHaveProperty('note')
    expect(await json('edit', 'daily', '--set', 'retries=3')).toMatchObject({ outcome: 'unchanged' })
  })

  it('edit opens the definition in the editor of the environment', async () => {
    const { cli, json } = createCli()
    await json('put', 'daily', ...DAILY)
    const folder = temporaryFiles({ 'editor.sh': '#!/bin/sh\nsed -i s,Asia/Shanghai,Europe/Paris, "$1"\n' })
    chmodSync(join(folder, 'editor.sh'), 0o755)
    const EDITOR = join(folder, 'editor.sh')
    expect(await cli(['edit', 'daily'], { env: { EDITOR } })).toMatchObject({ exitCode: 0, stderr: '' })
    expect(await json('show', 'daily')).toMatchObject({ tz: 'Europe/Paris', revision: 2 })
    expect(await cli(['edit', 'daily'], { env: { EDITOR: 'true' } })).toMatchObject({
      stdout: expect.stringContaining('unchanged'),
    })
    expect((await cli(['edit', 'daily'], { env: { EDITOR: 'false' } })).exitCode).toBe(1)
    expect((await cli(['edit', 'daily'])).exitCode).toBe(2)
    expect((await cli(['edit', 'nothing', '--set', 'note=x'])).exitCode).toBe(1)
  })

  it('edit refuses a wrong value, and does not change the schedule', async () => {
    const { cli, json } = createCli()
    await json('put', 'daily', ...DAILY)
    expect((await cli(['edit', 'daily', '--set', 'tz=Nowhere'])).exitCode).toBe(2)
    expect(await json('show', 'daily')).toMatchObject({ tz: 'Asia/Shanghai', revision: 1 })
  })
})

describe('a definition that a plain command broke', () => {
  it('a definition that a plain command broke is shown with its error, is not exported, and is corrected by an edit', async () => {
    const { cli, json, prefix } = createCli()
    await json('put', 'daily', ...DAILY)
    await redis.client.hset(`{${prefix}}:schedule:daily`, 'cron', '0 25 * * *')
    expect(await json('show', 'daily')).toMatchObject({
      state: 'invalid',
      next: null,
      error: expect.stringContaining('ERR_EVERYBEAT_CRON'),
    })
    expect((await cli(['show', 'daily'])).stdout).toMatch(/^error +ERR_EVERYBEAT_CRON: .*25/m)
    expect((await cli(['ls'])).stdout).toMatch(/^daily +invalid +cron 0 25/m)
    expect(await cli(['export'])).toMatchObject({
      exitCode: 0,
      stdout: '{\n  "schedules": {}\n}\n',
      stderr: expect.stringContaining('daily'),
    })
    await json('edit', 'daily', '--set', 'cron=0 5 * * *')
    expect(await json('show', 'daily')).toMatchObject({ state: 'active', cron: '0 5 * * *', tz: 'Asia/Shanghai' })
  })
})

describe('rm', () => {
  it('rm asks for a confirmation on a terminal', async ({ skip }) => {
    const script = tryFindProgram(['script'])
    if (script === null || process.platform !== 'linux') return skip('there is no program "script" to make a terminal')
    const { json, prefix } = createCli()
    await json('put', 'a', '--every', '1h')
    const answer = async (line: string) => {
      const command = `${process.execPath} ${MAIN} rm a --prefix ${prefix} --redis ${redis.url}`
      const terminal = spawn(script, ['-qec', command, '/dev/null'])
      onTestFinished(() => void terminal.kill('SIGKILL'))
      // The question stays on the screen when the command has ended, and may come in more than one piece.
      terminal.stdin.on('error', () => {})
      let shown = ''
      terminal.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString()
        if (shown.includes('[y/N]')) terminal.stdin.write(line)
      })
      const [exitCode] = (await once(terminal, 'close')) as [number]
      return { exitCode, shown }
    }
    const refused = await answer('n\n')
    expect(refused).toMatchObject({ exitCode: 1, shown: expect.stringContaining('Remove a? [y/N]') })
    expect(await json('ls')).toHaveLength(1)
    expect(await answer('y\n')).toMatchObject({ exitCode: 0 })
    expect(await json('ls')).toEqual([])
  })

  it('rm removes with --yes, and names the missing schedules', async () => {
    const { cli, json } = createCli()
    await json('put', 'a', '--every', '1h')
    await json('put', 'b', '--every', '1h')
    expect((await cli(['rm', 'a'])).exitCode).toBe(2)
    expect(await json('rm', 'a', '--yes')).toEqual([{ name: 'a', outcome: 'removed' }])
    const { exitCode, stdout } = await cli(['rm', 'a', 'b', '-y'])
    expect(exitCode).toBe(1)
    expect(stdout).toBe('a does not exist\nb removed\n')
    expect(await json('ls')).toEqual([])
  })
})

describe('pause and resume', () => {
  it('pause stops a schedule with a note, and resume ends the pause', async () => {
    const { cli, json } = createCli()
    await json('put', 'daily', ...DAILY)
    expect(await cli(['pause', 'daily', '--note', 'holiday'])).toMatchObject({ exitCode: 0, stdout: 'daily paused\n' })
    expect(await json('show', 'daily')).toMatchObject({ state: 'paused' })
    expect(await cli(['resume', 'daily'])).toMatchObject({ exitCode: 0, stdout: 'daily resumed\n' })
    expect(await json('show', 'daily')).toMatchObject({ state: 'active' })
    for (const command of ['pause', 'resume']) expect((await cli([command, 'nothing'])).exitCode).toBe(1)
    expect((await cli(['pause', 'daily', '--until', 'tomorrow'])).exitCode).toBe(2)
  })
})

describe('export and import', () => {
  it('export and import carry definitions in both directions', async () => {
    const source = createCli()
    const target = createCli()
    await source.json('put', 'daily', ...DAILY, '--payload', '{"to":"ops"}')
    await source.json('put', 'often', '--every', '5m', '--tag', 'x')
    const folder = temporaryFiles({})
    const file = join(folder, 'schedules.json')
    expect(await source.cli(['export', file])).toMatchObject({ exitCode: 0 })
    const { stdout } = await source.cli(['export'])
    expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile(file, 'utf8')))
    expect(await target.cli(['import', file])).toMatchObject({ exitCode: 0 })
    expect((await target.cli(['export'])).stdout).toBe(stdout)
    const again = await target.cli(['import', '-'], { input: stdout })
    expect(again).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('2 unchanged') })
    expect(await target.json('show', 'daily')).toMatchObject({ revision: 1, payload: { to: 'ops' } })
  })

  it('import refuses a file that is no export', async () => {
    const { cli } = createCli()
    expect((await cli(['import', '-'], { input: '{}' })).exitCode).toBe(2)
    expect((await cli(['import', '-'], { input: 'nonsense' })).exitCode).toBe(2)
    expect((await cli(['import', '-'], { input: '[{"every":"1h"}]' })).exitCode).toBe(2)
    const refused = await cli(['import', '-'], { input: '[{"name":"a","every":"1h"},{"name":"b","cron":"x"}]' })
    expect(refused).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('cron: "x"') as string })
    expect((await cli(['ls'])).stdout).toBe('No schedules.\n')
  })
})
