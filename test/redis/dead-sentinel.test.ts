import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { tryFindRedisServer } from '../../src/testing/install-redis.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'
import { freePort } from '../support/free-port.js'

const NAME = 'group'
const redis = useRedis()
const dir = mkdtempSync(join(tmpdir(), 'everybeat-sentinel-'))
let sentinel: ChildProcess
let sentinelPort = 0

beforeAll(async () => {
  sentinelPort = await freePort()
  const file = join(dir, 'sentinel.conf')
  writeFileSync(file, `port ${sentinelPort}\nbind 127.0.0.1\nsentinel monitor ${NAME} 127.0.0.1 ${redis.port} 1\n`)
  sentinel = spawn(tryFindRedisServer()!, [file, '--sentinel'], { stdio: 'ignore' })
  const client = new Redis(sentinelPort, '127.0.0.1', { maxRetriesPerRequest: null }).on('error', () => {})
  await waitFor(async () => (await client.ping()) === 'PONG', { what: 'the sentinel' })
  client.disconnect()
})

afterAll(async () => {
  sentinel.kill('SIGKILL')
  await once(sentinel, 'exit')
  rmSync(dir, { recursive: true, force: true })
})

it.each([
  ['put', (beat: Everybeat) => beat.schedules.put('a', { every: '1h' })],
  ['list', (beat: Everybeat) => beat.schedules.list()],
  ['diagnose', (beat: Everybeat) => beat.diagnose()],
  ['start', (beat: Everybeat) => beat.start()],
] as const)(
  'the error of an instance with the URL of a sentinel says in %s what to pass instead',
  async (_what, call) => {
    await using beat = new Everybeat({ redis: `redis://127.0.0.1:${sentinelPort}`, prefix: 'url', logger: false })
    await expect(call(beat)).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_CONNECTION',
      message: expect.stringContaining('If it is a Sentinel, pass `redis: { sentinels') as string,
    })
  },
)

it('a dead sentinel prints nothing to the console when the logger is off, and the fleet works', async () => {
  const written = (['error', 'warn', 'log', 'info'] as const).map((method) =>
    vi.spyOn(console, method).mockImplementation(() => {}),
  )
  const deadPort = await freePort()
  const sentinels = [deadPort, sentinelPort].map((port) => ({ host: '127.0.0.1', port }))
  const beat = new Everybeat({ redis: { sentinels, name: NAME }, prefix: 'sentinel', logger: false })
  let runs = 0
  beat.task('tick', () => void (runs += 1))
  await beat.start()
  await beat.schedules.put('tick', { every: '200ms' })
  await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
  const before = runs
  await waitFor(() => runs > before + 2, { what: 'runs after all connections were replaced' })
  await beat.stop()
  const lines = written.flatMap((spy) => spy.mock.calls.map((args) => args.map(String).join(' ')))
  vi.restoreAllMocks()
  expect(lines).toEqual([])
})
