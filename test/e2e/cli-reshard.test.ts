import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli } from './cli-runner.js'

const redis = useRedis()

describe('everybeat reshard', () => {
  it('reshard moves a stopped fleet and reports it, and is refused while a worker is live', async () => {
    const prefix = uniquePrefix('cli')
    const cli = (...parameters: string[]) =>
      runCli([...parameters, '--prefix', prefix], { env: { REDIS_URL: redis.url } })
    const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    await beat.schedules.putMany(Array.from({ length: 8 }, (_, index) => ({ name: `s${index}`, every: '1h' })))
    await beat.start()
    expect(await cli('reshard', '3')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('1 worker is live') as string,
    })
    await beat.stop()
    const moved = await cli('--json', 'reshard', '3')
    expect(moved).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('8 of 8 schedules') as string })
    expect(JSON.parse(moved.stdout)).toEqual({ outcome: 'done', from: 1, to: 3, moved: 8, resumed: false })
    expect(await cli('reshard', '3')).toMatchObject({ exitCode: 0, stdout: 'The fleet has 3 shards already.\n' })
    expect(await cli('ls')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('allowed: 3, the shards') as string,
    })
    expect(await cli('--shards', '3', 'show', 's5')).toMatchObject({ exitCode: 0 })
    expect(await cli('reshard', 'many')).toMatchObject({ exitCode: 2 })
  })
})
