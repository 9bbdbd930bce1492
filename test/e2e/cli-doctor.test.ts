import { describe, expect, it, onTestFinished } from 'vitest'
import { aclRules, Everybeat, type Diagnosis, type Finding } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli } from './cli-runner.js'

const redis = useRedis({ args: ['--appendonly', 'yes'] })

async function diagnose(prefix: string, ...parameters: string[]) {
  const env = { REDIS_URL: redis.url }
  const { exitCode, stdout } = await runCli(['doctor', '--json', '--prefix', prefix, ...parameters], { env })
  const { ok, findings } = JSON.parse(stdout) as Diagnosis
  return { exitCode, ok, findings, level: (check: string) => findings.find((each) => each.check === check)?.level }
}

async function startWorker(prefix: string, options = {}) {
  const beat = new Everybeat({ redis: redis.url, prefix, logger: false, ...options })
  onTestFinished(() => beat.stop({ timeoutMs: 500 }))
  beat.task('job', () => {})
  await beat.start()
  return beat
}

const trouble = (findings: readonly Finding[]) => findings.filter(({ level }) => level !== 'ok')

describe('doctor', () => {
  it('doctor finds no problem with a good server and a running fleet, and exits 0', async () => {
    const prefix = uniquePrefix('doctor')
    const beat = await startWorker(prefix)
    await beat.schedules.put('a', { every: '1h', task: 'job' })
    const { exitCode, ok, findings } = await diagnose(prefix)
    expect(trouble(findings)).toEqual([])
    expect({ exitCode, ok }).toEqual({ exitCode: 0, ok: true })
    const { stdout } = await runCli(['doctor', '--prefix', prefix], { env: { REDIS_URL: redis.url } })
    expect(stdout).toMatch(/^✓ workers +1 live worker$/m)
    expect(stdout).toMatch(/\nNo problem was found\.\n$/)
  })

  it('doctor names each problem, its cause and its remedy, and exits 1', async () => {
    const prefix = uniquePrefix('doctor')
    await startWorker(prefix)
    await redis.client.hset(`{${prefix}}:schedule:broken`, { cron: '0 25 * * *', task: 'job' })
    await redis.client.hset(`{${prefix}}:schedule:lonely`, { every: '1h', task: 'nobody' })
    // As a worker would note them.
    await redis.client.zadd(`{${prefix}}:names`, 0, 'broken', 0, 'lonely')
    await redis.client.config('SET', 'maxmemory-policy', 'allkeys-lru')
    await redis.client.config('SET', 'maxmemory', '1gb')
    onTestFinished(async () => {
      await redis.client.config('SET', 'maxmemory-policy', 'noeviction')
      await redis.client.config('SET', 'maxmemory', '0')
    })
    const { exitCode, ok, level } = await diagnose(prefix)
    expect({ exitCode, ok }).toEqual({ exitCode: 1, ok: false })
    expect({ eviction: level('eviction'), invalid: level('invalid'), unserved: level('unserved') }).toEqual({
      eviction: 'problem',
      invalid: 'problem',
      unserved: 'problem',
    })
    const { stdout } = await runCli(['doctor', '--prefix', prefix], { env: { REDIS_URL: redis.url } })
    expect(stdout).toMatch(/^✗ invalid .*broken\n +a schedule with a wrong definition.*\n +→ everybeat show 'broken'/m)
    expect(stdout).toMatch(/\n3 problems, 0 warnings\n$/)
  })

  it('doctor warns of settings that work and could be better, and exits 0', async () => {
    const prefix = uniquePrefix('doctor')
    await startWorker(prefix)
    await redis.client.hset(`{${prefix}}:worker:other`, { host: 'far', pid: 7, tz: '2001a', version: '9', skewMs: 9e6 })
    await redis.client.zadd(`{${prefix}}:workers`, Date.now(), 'other')
    const { exitCode, findings } = await diagnose(prefix)
    expect(exitCode).toBe(0)
    expect(trouble(findings).map(({ check }) => check)).toEqual(['clocks', 'versions', 'time-zone-data'])
  })

  it('doctor finds a fleet with another number of shards', async () => {
    const prefix = uniquePrefix('doctor')
    await startWorker(prefix, { shards: 3 })
    const { exitCode, findings } = await diagnose(prefix)
    expect(exitCode).toBe(1)
    expect(findings.at(-1)?.advice).toContain('--shards 3')
    expect((await diagnose(prefix, '--shards', '3')).exitCode).toBe(0)
  })

  it('doctor reports a Redis that does not answer, or that refuses the user, as a finding', async () => {
    const nobody = ['doctor', '--json', '--redis', 'redis://127.0.0.1:1', '--connect-timeout', '300']
    const { exitCode, stdout } = await runCli(nobody)
    expect(exitCode).toBe(1)
    expect((JSON.parse(stdout) as Diagnosis).findings).toMatchObject([{ check: 'connection', level: 'problem' }])
    const wrong = redis.url.replace('//', '//nobody:wrong@')
    const refused = await runCli(['doctor', '--redis', wrong, '--connect-timeout', '1000'])
    expect(refused).toMatchObject({ exitCode: 1, stderr: '' })
    expect(refused.stdout).toMatch(/^✗ connection .*WRONGPASS/m)
    expect(refused.stdout).not.toContain('wrong@')
  })

  it('doctor works with the rights that it names itself', async () => {
    const prefix = uniquePrefix('doctor')
    const { exitCode, stdout, stderr } = await runCli(['doctor', '--acl', '--user', 'shop', '--prefix', prefix])
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'Add a password to this line: >secret\n' })
    expect(stdout).toBe(`ACL SETUSER shop on ${aclRules(prefix).join(' ')}\n`)
    await redis.client.call('ACL', ...stdout.trim().split(' ').slice(1), '>secret')
    const { findings, exitCode: code } = await diagnose(prefix, '--redis', redis.url.replace('//', '//shop:secret@'))
    expect(code).toBe(0)
    expect(trouble(findings).map(({ check }) => check)).toEqual(['workers'])
  })
})
