import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { PROJECT_DIR } from '../support/build.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli, startCli, temporaryFiles } from './cli-runner.js'

const redis = useRedis()

// The handlers announce themselves on standard output.
const MODULE = `
export default async (beat) => {
  const tick = beat.task('tick', async (run) => { console.log('ticked ' + run.schedule + ' ' + JSON.stringify(run.payload)); return { ok: 1 } })
  beat.task('fail', async () => { throw new Error('no luck') })
  beat.task('slow', async (run) => {
    console.log('slow began')
    await new Promise((resolve, reject) => {
      setTimeout(resolve, run.payload.ms)
      run.signal.addEventListener('abort', () => reject(run.signal.reason))
    })
    console.log('slow ended')
  })
  await tick.schedule('ticker', { every: '200ms', payload: { from: 'module' } })
}
`

function environment() {
  const prefix = uniquePrefix('worker')
  const env = { REDIS_URL: redis.url }
  const cli = (...parameters: string[]) => runCli([...parameters, '--prefix', prefix], { env })
  const worker = (module: string, ...parameters: string[]) =>
    startCli(['worker', module, '--prefix', prefix, ...parameters], { env })
  return { prefix, env, cli, worker }
}

describe('worker', () => {
  it('worker runs the tasks and schedules of a module until SIGTERM, then exits 0', async () => {
    const { worker, cli } = environment()
    const child = worker(join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'))
    const ended = child.ended
    await child.line(/ticked ticker \{"from":"module"\}/)
    const fleet = JSON.parse((await cli('fleet', '--json')).stdout) as object[]
    expect(fleet).toMatchObject([{ pid: child.pid, pool: 'default' }])
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining('worker stopped') })
    expect((await cli('fleet')).stdout).toBe('No workers.\n')
    const history = JSON.parse((await cli('history', 'ticker', '--json')).stdout) as object[]
    expect(history[0]).toMatchObject({ outcome: 'ok', attempt: 1, result: { ok: 1 } })
    expect((await cli('history', 'ticker')).stdout).toMatch(/^\S+Z +ok +\+\S+ +\S+ +1 /m)
  })

  it('worker lets a run finish on SIGTERM', async () => {
    const { worker, cli } = environment()
    const child = worker(join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'))
    const ended = child.ended
    await child.line(/ticked/)
    await cli('put', 'slow', '--at', '2036-01-01T00:00:00Z', '--payload', '{"ms":1500}')
    await cli('run', 'slow')
    await child.line(/slow began/)
    child.kill('SIGTERM')
    const { exitCode, stdout } = await ended
    expect(exitCode).toBe(0)
    expect(stdout).toContain('slow ended')
    expect(JSON.parse((await cli('history', 'slow', '--json')).stdout)).toMatchObject([{ outcome: 'ok' }])
  })

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('worker ends at once at the second %s', async (signal, code) => {
    const { worker, cli } = environment()
    const child = worker(join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'))
    const ended = child.ended
    await child.line(/ticked/)
    await cli('put', 'slow', '--at', '2036-01-01T00:00:00Z', '--payload', '{"ms":60000}')
    await cli('run', 'slow')
    await child.line(/slow began/)
    child.kill(signal)
    await child.line(new RegExp(signal))
    child.kill(signal)
    expect((await ended).exitCode).toBe(code)
  })

  it('worker gives up a run that lasts longer than the stop timeout', async () => {
    const { worker, cli } = environment()
    const child = worker(join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'), '--timeout', '300ms')
    const ended = child.ended
    await child.line(/ticked/)
    await cli('put', 'slow', '--at', '2036-01-01T00:00:00Z', '--payload', '{"ms":60000}')
    await cli('run', 'slow')
    await child.line(/slow began/)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ exitCode: 0 })
  })

  it('worker accepts a pool and a concurrency', async () => {
    const { worker, cli } = environment()
    const child = worker(
      join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'),
      '--pool',
      'big',
      '--concurrency',
      '3',
      '--json',
    )
    await child.line(/"event":"started"/)
    expect(JSON.parse((await cli('fleet', '--json')).stdout)).toMatchObject([{ pool: 'big', concurrency: 3 }])
    expect((await cli('fleet')).stdout).toMatch(/ big +0\/3 /)
  })

  it('worker loads TypeScript and CommonJS, in packages of either kind', async () => {
    const typed =
      `import type {} from 'node:fs'\nconst text: string = 'ticked from TypeScript'\n` +
      `export default (beat: { task(name: string, handler: () => void): unknown }): void => { beat.task('t', () => {}); console.log(text) }\n`
    const common = `module.exports = (beat) => { beat.task('t', () => {}); console.log('ticked from CommonJS') }\n`
    for (const [files, name, pattern] of [
      [{ 'm.ts': typed, 'package.json': '{"type":"module"}' }, 'm.ts', /from TypeScript/],
      [{ 'm.ts': typed, 'package.json': '{}' }, 'm.ts', /from TypeScript/],
      [{ 'm.mts': typed }, 'm.mts', /from TypeScript/],
      [{ 'm.cjs': common }, 'm.cjs', /from CommonJS/],
    ] as const) {
      const { prefix, env } = environment()
      const module = join(temporaryFiles(files), name)
      // The package tsx is found from the working directory, the project's own.
      const child = startCli(['worker', module, '--prefix', prefix], { env, cwd: PROJECT_DIR })
      await child.line(pattern)
      await child.line(/worker \S+ is up/)
      child.kill('SIGTERM')
      expect((await child.ended).exitCode).toBe(0)
    }
  })

  it('worker names the missing loader for a TypeScript module', async ({ skip }) => {
    skip('typescript' in process.features && Boolean(process.features.typescript), 'this Node strips types by itself')
    const folder = temporaryFiles({ 'm.ts': 'export default () => {}\n' })
    const { exitCode, stderr } = await runCli(['worker', 'm.ts'], { cwd: folder })
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/TypeScript.*tsx/) })
  })

  it('worker refuses a module without a function, and shows the error that a module throws', async () => {
    const folder = temporaryFiles({
      'none.mjs': 'export const tasks = []\n',
      'throws.mjs': `throw new Error('broken module')\n`,
      'wrong.mjs': `export default async (beat) => { await beat.task('t', () => {}).schedule('s', { cron: 'x' }) }\n`,
    })
    const { env } = environment()
    const run = (name: string) => runCli(['worker', join(folder, name)], { env })
    expect(await run('none.mjs')).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/default export/) })
    expect(await run('throws.mjs')).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/broken module/) })
    expect(await run('wrong.mjs')).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/ERR_EVERYBEAT_CRON/) })
  })

  it('worker fails when Redis does not answer', async () => {
    const folder = temporaryFiles({
      'm.mjs': `export default (beat) => { beat.task('t', () => {}); setInterval(() => {}, 1000) }\n`,
    })
    const { exitCode, stderr } = await runCli([
      ...['worker', join(folder, 'm.mjs'), '--redis', 'redis://127.0.0.1:1', '--connect-timeout', '300'],
    ])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/error: .*127\.0\.0\.1:1\b.*\(ERR_EVERYBEAT_CONNECTION\)\n$/)
  })
})

describe('run and cancel', () => {
  it('run starts a schedule now, waits for the end of the run, and reports the outcome', async () => {
    const { worker, cli, prefix } = environment()
    const child = worker(join(temporaryFiles({ 'm.mjs': MODULE }), 'm.mjs'))
    await child.line(/ticked/)
    await cli('put', 'later', '--task', 'tick', '--at', '2036-01-01T00:00:00Z', '--payload', '1')
    const waited = await cli('run', 'later', '--payload', '{"by":"hand"}', '--wait', '--json')
    expect(waited).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(waited.stdout)).toMatchObject({ outcome: 'ok', result: { ok: 1 } })
    await child.line(/ticked later \{"by":"hand"\}/)
    expect(JSON.parse((await cli('show', 'later', '--json')).stdout)).toMatchObject({
      next: '2036-01-01T00:00:00.000Z',
    })

    await cli('put', 'failing', '--task', 'fail', '--at', '2036-01-01T00:00:00Z')
    const failed = await cli('run', 'failing', '--wait')
    expect(failed).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^failing failed in .*no luck/) })

    await cli('put', 'slow', '--at', '2036-01-01T00:00:00Z', '--payload', '{"ms":60000}')
    const { runId } = JSON.parse((await cli('run', 'slow', '--json')).stdout) as { runId: string }
    await child.line(/slow began/)
    expect(await cli('run', 'slow', '--wait', '--timeout', '300ms')).toMatchObject({ exitCode: 1 })
    expect(await cli('cancel', runId)).toMatchObject({ exitCode: 0 })
    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    await expect
      .poll(async () => (await beat.schedules.history('slow')).map(({ outcome }) => outcome))
      .toContain('cancelled')

    expect(await cli('run', 'nothing')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no schedule "nothing"'),
    })
    expect(await cli('cancel', 'nothing@1')).toMatchObject({ exitCode: 1 })
  })
})
