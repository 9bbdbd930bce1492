import { describe, expect, it } from 'vitest'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli } from './cli-runner.js'

const RIGHT = 'r1ght-passw0rd'
const WRONG = 'wr0ng-passw0rd'
const redis = useRedis({ args: ['--requirepass', RIGHT] })

describe('a password', () => {
  it.each([
    ['wrong', WRONG, 1],
    ['right', RIGHT, 0],
  ])('a password that is %s is in no output of the command line', async (_what, password, exitCode) => {
    const prefix = uniquePrefix('secrets')
    const places = [
      ['--redis', `redis://:${password}@127.0.0.1:${redis.port}`],
      ['--redis', `redis://default:${password}@127.0.0.1:${redis.port}`],
    ]
    const results = await Promise.all(
      places.flatMap((place) =>
        [['ls'], ['put', 'a', '--every', '1h'], ['fleet', '--json'], ['doctor'], ['doctor', '--json']].map((command) =>
          runCli([...command, ...place, '--prefix', prefix, '--connect-timeout', '3000']),
        ),
      ),
    )
    const said = results.map(({ stdout, stderr }) => stdout + stderr).join('\n')
    expect(results[0]).toMatchObject({ exitCode })
    expect(said).not.toContain(password)
  })
})
