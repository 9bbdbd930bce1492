import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRandom } from '../chaos/harness/random.js'
import { startSentinelGroup } from '../chaos/harness/sentinel.js'
import { PROJECT_DIR } from '../support/build.js'
import { uniquePrefix } from '../support/redis.js'
import { useRedisCluster } from '../support/redis-cluster.js'
import { runCli, startCli, temporaryFiles } from './cli-runner.js'

interface SentinelAddress {
  redis: { sentinels: { host: string; port: number }[]; name: string }
}

const WORKER = `export default async (beat) => {
  const task = beat.task('greet', (run) => 'hello ' + run.payload)
  await task.schedule('often', { every: '200ms', payload: 'fleet' })
}
`

/** Runs a command that has to succeed, and gives the document that it writes. */
async function read(parameters: readonly string[], env: Record<string, string>, cwd?: string): Promise<unknown> {
  const { exitCode, stdout, stderr } = await runCli([...parameters, '--json'], {
    env,
    ...(cwd !== undefined && { cwd }),
  })
  expect(exitCode, `${parameters.join(' ')}: ${stdout}${stderr}`).toBe(0)
  return JSON.parse(stdout)
}

/** Takes a schedule through its life by commands, beside a worker that is a command too. */
async function liveAndDie(redis: string): Promise<void> {
  const env = { EVERYBEAT_PREFIX: uniquePrefix('topology') }
  const at = (...parameters: string[]): string[] => [...parameters, '--redis', redis]
  await read(at('put', 'nightly', '--cron', '0 3 * * *', '--task', 'greet', '--payload', '"night"'), env)
  await read(at('edit', 'nightly', '--set', 'note=by hand'), env)
  const worker = startCli(at('worker', join(temporaryFiles({ 'worker.mjs': WORKER }), 'worker.mjs')), { env })
  await worker.line(/is up$/)
  const tail = startCli(at('tail', 'often', '--json'), { env })
  await tail.line(/"ended"/)
  tail.kill('SIGINT')
  expect((await tail.ended).exitCode).toBe(0)
  await read(at('run', 'nightly'), env)
  expect(await read(at('ls'), env)).toMatchObject([{ name: 'nightly', note: 'by hand' }, { name: 'often' }])
  expect(await read(at('fleet'), env)).toMatchObject([{ tasks: ['greet'] }])
  expect(await read(at('history', 'often'), env)).toEqual(
    expect.arrayContaining([expect.objectContaining({ outcome: 'ok', result: 'hello fleet' })]),
  )
  const doctor = await runCli(at('doctor', '--json'), { env })
  expect(JSON.parse(doctor.stdout), doctor.stderr).toMatchObject({ ok: true })
  worker.kill('SIGTERM')
  expect((await worker.ended).exitCode).toBe(0)
  await read(at('rm', 'nightly', '--yes'), env)
  expect(await read(at('changes', 'often'), env)).toMatchObject([{ via: 'declaration' }])
}

describe('the command line on a Cluster', () => {
  const cluster = useRedisCluster()
  const list = (): string => cluster.servers.map(({ port }) => `127.0.0.1:${port}`).join(',')

  it('the command line on a Cluster puts, edits, runs, follows, lists and removes, with one node given or all', async () => {
    await liveAndDie(`redis+cluster://${list()}`)
    await liveAndDie(`redis+cluster://127.0.0.1:${cluster.servers[1]!.port}`)
  })

  it('the command line on a Cluster accepts a list of nodes, or a live client, from the configuration', async () => {
    const prefix = uniquePrefix('cluster')
    const json = temporaryFiles({
      'everybeat.config.json': JSON.stringify({ redis: `redis+cluster://${list()}`, prefix }),
    })
    await read(['put', 'a', '--every', '1h'], {}, json)
    const ioredis = join(PROJECT_DIR, 'node_modules/ioredis/built/index.js')
    const live = temporaryFiles({
      'everybeat.config.mjs': `import ioredis from ${JSON.stringify(ioredis)}
const nodes = ${JSON.stringify(cluster.servers.map(({ port }) => ({ host: '127.0.0.1', port })))}
export default () => ({ redis: new ioredis.Cluster(nodes), prefix: '${prefix}' })
`,
    })
    // The command ends although the client of the configuration is open.
    expect(await read(['ls'], {}, live)).toMatchObject([{ name: 'a' }])
  })

  it('the error about a Cluster that is down comes within the timeout, and names the servers', async () => {
    const { exitCode, stderr } = await runCli([
      'ls',
      '--redis',
      'redis+cluster://127.0.0.1:1',
      '--connect-timeout',
      '500',
    ])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('ERR_EVERYBEAT_CONNECTION') as string,
    })
  })
})

describe('the command line through Sentinels', () => {
  let group: Awaited<ReturnType<typeof startSentinelGroup>>
  let address: SentinelAddress['redis']
  beforeAll(async () => {
    group = await startSentinelGroup()
    address = (group.workerOptions as unknown as SentinelAddress).redis
  })
  afterAll(async () => await group[Symbol.asyncDispose]())
  const url = (): string => {
    const hosts = address.sentinels.map(({ host, port }) => `${host}:${port}`).join(',')
    return `redis+sentinel://${hosts}/${address.name}`
  }

  it('the command line through Sentinels puts, edits, runs, follows, lists and removes', async () => {
    await liveAndDie(url())
  })

  it('the command line through Sentinels finds the new primary after a failover, with an unchanged configuration', async () => {
    const prefix = uniquePrefix('sentinel')
    const cwd = temporaryFiles({
      'everybeat.config.json': JSON.stringify({ redis: { sentinels: address.sentinels, name: address.name }, prefix }),
    })
    await read(['put', 'a', '--every', '1h'], {}, cwd)
    await group.failOver('planned', createRandom(1))
    await read(['put', 'b', '--every', '1h'], {}, cwd)
    expect(await read(['ls', '--redis', url(), '--prefix', prefix], {})).toMatchObject([{ name: 'a' }, { name: 'b' }])
  })

  it('the command line reports that the Sentinels do not know the name', async () => {
    const { exitCode, stderr } = await runCli([
      ...['ls', '--connect-timeout', '1000', '--redis', url().replace(/\/[^/]*$/, '/unknown')],
    ])
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringMatching(/unknown|ERR_EVERYBEAT_CONNECTION/) as string,
    })
  })
})
