import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { aclRules } from '../../src/redis/acl.js'
import { useFleet } from '../support/fleet.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** An instance whose user may do what a fleet does, but for these commands. */
async function createWithout(...commands: string[]): Promise<Everybeat> {
  const prefix = uniquePrefix()
  const refused = commands.map((command) => `-${command}`)
  await redis.client.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', ...aclRules(prefix), ...refused)
  const user = { host: '127.0.0.1', port: redis.port, username: 'limited', password: 'secret', disableClientInfo: true }
  const beat = new Everybeat({ redis: user, prefix, logger: false, connectTimeoutMs: 3_000 })
  onTestFinished(() => beat.stop({ timeoutMs: 500 }))
  return beat
}

describe('a server that refuses what a fleet needs', () => {
  it.each([
    ['xadd', 'streams', 'the history of a schedule is a stream'],
    ['time', 'time', 'the one clock of a fleet'],
  ])(
    'a start without %s fails with the refused command and the reason why it is needed',
    async (command, what, why) => {
      const beat = await createWithout(command)
      const error = await beat.start().then(
        () => null,
        (reason: unknown) => reason as Error & { value: unknown },
      )
      expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_SERVER', value: [what] })
      expect(error!.message).toContain(why)
    },
  )

  it('the diagnosis names a server that refuses what a fleet needs', async () => {
    const beat = await createWithout('xadd')
    const { findings } = await beat.diagnose()
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'server',
        level: 'problem',
        message: expect.stringContaining('streams') as string,
      }),
    )
  })

  it('a fleet works without messages on a server that refuses them', async () => {
    const beat = await createWithout('publish')
    const ran = new Promise((resolve) => beat.task('work', resolve))
    await beat.start()
    await beat.schedules.put('work', { at: new Date(Date.now() + 200) })
    await ran
    await waitFor(async () => (await beat.schedules.history('work')).length === 1, { what: 'the entry of the run' })
    const { findings } = await beat.diagnose()
    expect(findings).toContainEqual(expect.objectContaining({ check: 'server', level: 'warning' }))
  })
})

it('the start and the diagnosis report a full server as full, and not as one without streams', async () => {
  const beat = fleet.create()
  await redis.client.config('SET', 'maxmemory', '1')
  try {
    await expect(beat.start()).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_SERVER',
      value: ['memory'],
      message: expect.stringContaining('raise `maxmemory`'),
    })
    const refused = (await beat.diagnose()).findings.filter(({ message }) => message.startsWith('the server refuses'))
    expect(refused.map(({ message }) => message)).toEqual([expect.stringContaining('the server refuses memory: OOM')])
  } finally {
    await redis.client.config('SET', 'maxmemory', '0')
  }
  await beat.start()
})
