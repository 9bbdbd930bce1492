import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { ACL_COMMANDS, ACL_RESHARD_COMMANDS, aclRules } from '../../../src/redis/acl.js'
import { readLuaFiles } from '../../support/lua-scripts.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const PASSWORD = 'secret-of-the-fleet'

/** Gives the options of a connection as this user. What ioredis asks besides, CLIENT SETINFO, is a courtesy. */
async function createUser(prefix: string) {
  await redis.client.call('ACL', 'SETUSER', 'beat', 'reset', 'on', `>${PASSWORD}`, ...aclRules(prefix))
  await redis.client.call('ACL', 'LOG', 'RESET')
  return { host: '127.0.0.1', port: redis.port, username: 'beat', password: PASSWORD, disableClientInfo: true }
}

const refusals = async (): Promise<string[]> =>
  ((await redis.client.call('ACL', 'LOG')) as unknown[][]).map((entry) => entry.join(' '))

describe('the minimal rights of a Redis user', () => {
  it('the minimal rights of a Redis user name every command that a script calls', () => {
    const called = new Set<string>()
    // Moving schedules to another number of shards is an operator's work, and needs DUMP and RESTORE besides.
    const files = readLuaFiles().filter(({ path }) => !/(dump|pack-schedule)\.lua$/.test(path))
    for (const { text } of files) {
      for (const [, command = ''] of text.matchAll(/redis\.p?call\('([A-Z]+)'/g)) called.add(command.toLowerCase())
    }
    expect(called.size).toBeGreaterThan(20)
    const allowed = [...ACL_COMMANDS, ...ACL_RESHARD_COMMANDS].map((command) => command.split('|')[0])
    expect([...called].filter((command) => !allowed.includes(command))).toEqual([])
  })

  it.each([1, 3])(
    'the minimal rights of a Redis user are enough for everything that a fleet does, on %d shards',
    async (shards) => {
      const prefix = uniquePrefix('acl[*]')
      const user = await createUser(prefix)
      const errors: unknown[] = []
      const beats = [0, 1].map(() => {
        const beat = new Everybeat({ redis: user, prefix, shards, logger: false, leaseMs: 1_000 })
        onTestFinished(() => beat.stop({ timeoutMs: 500 }))
        beat.on('error', (event) => void errors.push(event))
        return beat
      })
      const [beat, other] = beats as [Everybeat, Everybeat]
      const succeeded = new Set<string>()
      for (const each of beats) {
        each.on('run:succeeded', ({ schedule }) => void succeeded.add(schedule))
        each.task('work', () => new Promise((resolve) => setTimeout(resolve, 500)))
        each.task('bounded', { maxConcurrent: 3 }, () => {})
        await each.start()
      }
      const policies = ['skip', 'queue', 'replace', 'allow'] as const
      for (const overlap of policies)
        await beat.schedules.put(`every-${overlap}`, { task: 'work', every: 200, overlap })
      await beat.schedules.put('bounded-a', { task: 'bounded', every: 200 })
      await beat.schedules.put('cron', { task: 'bounded', cron: '* * * * * *', onCrash: 'rerun' })
      await beat.schedules.trigger('every-allow')
      const from = new Date(Date.now() - 1_000)
      await beat.schedules.backfill('every-allow', { from, to: new Date() })
      const schedule = { task: 'work', cron: '0 0 1 1 *' }
      await other.sync([{ name: 'synced', ...schedule }], { owner: 'me', prune: 'remove', version: 1 })
      await waitFor(() => ['every-skip', 'every-allow', 'bounded-a', 'cron'].every((name) => succeeded.has(name)), {
        what: 'all kinds of schedules to run',
      })
      await beat.schedules.pause('cron', { note: 'enough' })
      await beat.schedules.resume('cron')
      await beat.schedules.list({ match: 'every-*' })
      await beat.schedules.runs()
      await beat.schedules.explain('cron')
      await beat.schedules.history('cron')
      await beat.schedules.next('cron', 3)
      await beat.schedules.remove('cron')
      expect(await beat.fleet()).toHaveLength(2)
      expect(errors).toEqual([])
      expect(await refusals()).toEqual([])
    },
  )

  it('the minimal rights of a Redis user are enough to change the number of shards, with the additional rights of resharding', async () => {
    const prefix = uniquePrefix('acl')
    const user = await createUser(prefix)
    await redis.client.call('ACL', 'SETUSER', 'beat', ...aclRules(prefix, { mayReshard: true }))
    await using beat = new Everybeat({ redis: user, prefix, logger: false })
    await beat.schedules.putMany(['a', 'b', 'c'].map((name) => ({ name, every: '1h' })))
    expect(await beat.reshard(3)).toMatchObject({ outcome: 'done' })
    expect(await refusals()).toEqual([])
  })

  it('the minimal rights of a Redis user reach neither keys of others nor commands that could harm the server', async () => {
    const { username, password } = await createUser(uniquePrefix('mine'))
    const client = redis.connect(`redis://${username}:${password}@127.0.0.1:${redis.port}`)
    for (const command of [
      ['get', '{other}:state:x'],
      ['publish', '{other}:wake', 'head 1 1'],
      ['flushall'],
      ['config', 'get', '*'],
      ['keys', '*'],
      ['eval', "return redis.call('SET', '{other}:x', '1')", '0'],
      ['acl', 'whoami'],
      ['script', 'flush'],
      ['client', 'kill', 'type', 'normal'],
    ] as [string, ...string[]][]) {
      const [name, ...args] = command
      await expect(client.call(name, ...args), command.join(' ')).rejects.toThrow(
        /NOPERM|no permissions|executing the script/i,
      )
    }
  })
})
