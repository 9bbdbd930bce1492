import { describe, expect, it } from 'vitest'
import { Everybeat, type Change } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli } from './cli-runner.js'

const redis = useRedis()

function createCli() {
  const env = { EVERYBEAT_REDIS_URL: redis.url, EVERYBEAT_PREFIX: uniquePrefix('changes') }
  const run = (...parameters: string[]) => runCli(parameters, { env })
  const changes = async (name: string) => JSON.parse((await run('changes', name, '--json')).stdout) as Change[]
  return { run, changes, prefix: env.EVERYBEAT_PREFIX }
}

describe('changes', () => {
  it('changes names the author, the origin and each field of an edit', async () => {
    const { run, changes } = createCli()
    await run('put', 'job', '--every', '1h', '--as', 'ada')
    await run('edit', 'job', '--set', 'every=2h', '--as', 'grace')
    expect(await changes('job')).toMatchObject([
      { revision: 2, by: 'grace', via: 'cli', diff: { every: ['1h', '2h'] } },
      { revision: 1, by: 'ada', via: 'cli' },
    ])
    expect((await run('changes', 'job')).stdout).toMatch(
      /revision 2 .* by grace \(cli\)\n {4}- every: 1h\n {4}\+ every: 2h/,
    )
    expect((await run('changes', 'nothing')).exitCode).toBe(1)
  })

  it('changes names user@host when an edit has no author', async () => {
    const { run, changes } = createCli()
    await run('put', 'job', '--every', '1h')
    expect((await changes('job'))[0]?.by).toMatch(/^.+@.+$/)
  })
})

describe('rollback and revert', () => {
  it('rollback restores a revision, and revert restores the declaration', async () => {
    const { run, prefix } = createCli()
    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    const task = beat.task('job', () => null)
    await task.schedule('job', { every: '1h' })
    await run('edit', 'job', '--set', 'every=2h')
    expect((await run('rollback', 'job', '1')).stdout).toContain('updated')
    expect((await beat.schedules.get('job'))?.every).toBe('1h')
    await run('edit', 'job', '--set', 'every=3h')
    expect(await run('revert', 'job')).toMatchObject({ exitCode: 0 })
    expect((await beat.schedules.get('job'))?.every).toBe('1h')
    await run('put', 'own', '--every', '1h')
    expect(await run('revert', 'own')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('no code declares') as string,
    })
  })
})
