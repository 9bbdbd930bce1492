import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Everybeat } from '../../../src/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { runCli, temporaryFiles } from '../cli-runner.js'

const redis = useRedis()

interface Report {
  format: string
  entries: { name: string; source: string; outcome: string; definition?: object; notes: string[]; reason?: string }[]
  counts: Record<string, number>
}

/** An import into a prefix of the test's own; gives the exit code with the JSON report, and what is stored. */
function createImporter() {
  const prefix = uniquePrefix('import')
  const run = (...parameters: string[]) =>
    runCli(['import', ...parameters, '--prefix', prefix], { env: { REDIS_URL: redis.url } })
  const report = async (...parameters: string[]): Promise<Report & { exitCode: number | null }> => {
    const { exitCode, stdout, stderr } = await run(...parameters, '--json')
    if (stdout === '') throw new Error(stderr)
    return { ...(JSON.parse(stdout) as Report), exitCode }
  }
  const stored = async () => {
    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    return Object.fromEntries((await beat.schedules.list()).map(({ name, given }) => [name, given]))
  }
  return { prefix, run, report, stored }
}

function file(name: string, text: string): string {
  return join(temporaryFiles({ [name]: text }), name)
}

const CRONTAB = '0 9 * * 1-5 report.sh\n*/5 * * * * sync.sh\n'

describe('import', () => {
  it('import writes a crontab once, and then leaves it unchanged', async () => {
    const { report, stored } = createImporter()
    const path = file('crontab', CRONTAB)
    const first = await report(path, '--from', 'crontab', '--tz', 'UTC', '--owner', 'cron')
    expect(first).toMatchObject({ format: 'crontab', exitCode: 0, counts: { created: 2, refused: 0 } })
    expect(first.entries[0]).toMatchObject({ name: 'report', source: `${path}:1`, outcome: 'created', notes: [] })
    expect(await stored()).toMatchObject({ report: { cron: '0 9 * * 1-5', owner: 'cron', task: 'shell' } })
    const second = await report(path, '--from', 'crontab', '--tz', 'UTC', '--owner', 'cron')
    expect(second.counts).toMatchObject({ created: 0, updated: 0, unchanged: 2 })
  })

  it('import says with --dry-run what it would write, and writes nothing', async () => {
    const { report, stored } = createImporter()
    const path = file('crontab', CRONTAB)
    expect(await report(path, '--from', 'crontab', '--dry-run')).toMatchObject({
      exitCode: 0,
      counts: { 'would-create': 2 },
    })
    expect(await stored()).toEqual({})
    await report(path, '--from', 'crontab')
    const changed = file('crontab', CRONTAB.replace('*/5', '*/6'))
    expect((await report(changed, '--from', 'crontab', '--dry-run')).counts).toMatchObject({
      'would-update': 1,
      unchanged: 1,
    })
  })

  it('import writes nothing when an entry is refused, and the others with --skip-refused', async () => {
    const { report, stored } = createImporter()
    const path = file('crontab', `${CRONTAB}@reboot start.sh\n`)
    const refused = await report(path, '--from', 'crontab')
    expect(refused).toMatchObject({ exitCode: 1, counts: { 'would-create': 2, created: 0, refused: 1 } })
    expect(refused.entries[2]?.reason).toMatch(/a fleet has no boot/)
    expect(await stored()).toEqual({})
    expect(await report(path, '--from', 'crontab', '--skip-refused')).toMatchObject({
      exitCode: 1,
      counts: { created: 2 },
    })
    expect(Object.keys(await stored())).toEqual(['report', 'sync'])
  })

  it('import reads standard input, a folder, and maps tasks', async () => {
    const { prefix, report, stored } = createImporter()
    const celery = JSON.stringify({ nightly: { task: 'app.nightly', schedule: 30 } })
    const map = file('map.yaml', 'app.nightly: nightly-report\n')
    const parameters = ['import', '-', '--from', 'celery', '--task-map', map, '--prefix', prefix]
    expect((await runCli(parameters, { env: { REDIS_URL: redis.url }, input: celery })).exitCode).toBe(0)
    expect(await stored()).toMatchObject({ nightly: { task: 'nightly-report', every: '30s' } })
    const folder = temporaryFiles({
      'a.yaml': 'schedules: { a: { every: 5m } }',
      'b.json': '{"schedules":{"b":{"every":"1h"}}}',
    })
    expect((await report(folder)).counts).toMatchObject({ created: 2 })
  })

  it('import writes disabled schedules with --disabled', async () => {
    const { report, stored } = createImporter()
    await report(file('crontab', CRONTAB), '--from', 'crontab', '--disabled')
    expect(await stored()).toMatchObject({ report: { enabled: false }, sync: { enabled: false } })
  })

  it('import refuses a name that a file defines twice', async () => {
    const { run } = createImporter()
    const twice = await run(file('a.json', '[{"name":"a","every":"1m"},{"name":"a","every":"2m"}]'))
    expect(twice).toMatchObject({ exitCode: 2 })
    expect(twice.stderr).toContain('"a" is defined twice')
  })

  it('import shows the differences, and how to switch off the old entries', async () => {
    const { run } = createImporter()
    const { stdout } = await run(file('crontab', '5~9 * * * * run.sh\n'), '--from', 'crontab')
    expect(stdout).toMatch(/created\s+run {2}cron H\(5-9\)/)
    expect(stdout).toContain('approximated: minute 5~9')
    expect(stdout).toContain('comment the line out with crontab -e')
    expect(stdout).toContain('1 created, 0 updated, 0 unchanged')
  })

  it.each([
    [['--from', 'vixie'], /Allowed choices are everybeat, crontab/],
    [['--from', 'redbeat'], /give --source <redis url>/],
    [['--from', 'crontab'], /give the file, the folder, or -/],
    [['--from', 'crontab', '/nowhere'], /cannot read \/nowhere/],
    [['--from', 'crontab', '-', '--source', 'redis://x'], /is read from a file/],
  ])('import refuses the command line %j', async (parameters, message) => {
    const { exitCode, stderr } = await createImporter().run(...parameters)
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(message) as string })
  })
})

describe('import --from redbeat', () => {
  const definition = JSON.stringify({
    name: 'a:b',
    task: 'app.t',
    args: [1],
    schedule: { __type__: 'interval', every: 30 },
  })

  it('import --from redbeat reads the keys of redbeat, writes nothing to them, and refuses while a beat holds the lock', async () => {
    const { report, run, stored } = createImporter()
    const own = `${uniquePrefix('redbeat')}:`
    const client = redis.client
    await client.hset(`${own}a:b`, { definition, meta: '{"last_run_at": null}' })
    await client.zadd(`${own}:schedule`, 1, `${own}a:b`, 1, `${own}gone`)
    await client.set(`${own}:lock`, 'token', 'PX', 60_000)
    const source = ['--from', 'redbeat', '--source', redis.url, '--source-prefix', own]
    const locked = await run(...source)
    expect(locked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('stop it first') as string })
    const forced = await report(...source, '--force', '--skip-refused')
    expect(forced.counts).toMatchObject({ created: 1, refused: 1 })
    expect(await stored()).toMatchObject({ 'a:b': { task: 'app.t', every: '30s', payload: { args: [1], kwargs: {} } } })
    await client.del(`${own}:lock`)
    expect((await report(...source, '--skip-refused')).counts).toMatchObject({ unchanged: 1 })
    expect(await client.zcard(`${own}:schedule`)).toBe(2)
  })

  it('import --from redbeat reports a source that cannot be reached, without the password', async () => {
    const { stderr, exitCode } = await createImporter().run(
      '--from',
      'redbeat',
      '--source',
      'redis://:hunter2@127.0.0.1:1',
    )
    expect(exitCode).toBe(1)
    expect(stderr).toContain('--source redis://:***@127.0.0.1:1 cannot be reached')
  })
})
