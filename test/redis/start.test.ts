import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type EverybeatOptions, type Run } from '../../src/index.js'
import { startProxy } from '../chaos/proxy.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const CODE = 'ERR_EVERYBEAT_CONNECTION'

function createBeat(options: EverybeatOptions = {}): Everybeat {
  const beat = new Everybeat({ redis: redis.url, prefix: uniquePrefix(), logger: false, ...options })
  onTestFinished(() => beat.stop({ timeoutMs: 0 }))
  return beat
}

describe('start', () => {
  it('an instance whose start failed can read schedules and can be started again when Redis answers', async () => {
    await redis.kill('SIGKILL')
    const beat = createBeat({ connectTimeoutMs: 3_000 })
    beat.task('work', () => {})
    await expect(beat.start()).rejects.toMatchObject({ code: CODE })
    expect(beat.health()).toMatchObject({ ok: false, state: 'idle', worker: null })
    await redis.restart()
    expect(await beat.schedules.list()).toHaveLength(0)
    await beat.start()
    expect(beat.health()).toMatchObject({ ok: true, state: 'running' })
  })

  it.each(['options', 'a live client'])(
    'a Redis that stops answering in the middle of a start ends the start, with %s, and stop() too',
    async (kind) => {
      const proxy = await startProxy(redis.port)
      onTestFinished(() => proxy.close())
      const client = redis.connect(proxy.url)
      const beat = createBeat({ redis: kind === 'options' ? proxy.url : client, connectTimeoutMs: 500 })
      proxy.judge = ({ command }) => (/^evalsha$/i.test(command[0] ?? '') ? { holdMs: 600_000 } : 'pass')
      await expect(beat.start()).rejects.toMatchObject({ code: CODE, message: expect.stringContaining('500 ms') })
      await beat.stop()
      expect(beat.health()).toMatchObject({ ok: false, state: 'stopped' })
    },
  )

  it('the error of a start says that the server may have reached its maxclients when it closes a connection', async () => {
    const count = Number(/^connected_clients:(\d+)/m.exec(await redis.client.info('clients'))![1])
    await redis.client.config('SET', 'maxclients', String(count + 1))
    onTestFinished(async () => void (await redis.client.config('SET', 'maxclients', '10000')))
    const beat = createBeat({ connectTimeoutMs: 1_000 })
    await expect(beat.start()).rejects.toMatchObject({
      code: CODE,
      message: expect.stringMatching(/maxclients/),
    })
    await beat.stop()
  })

  it('the log names the fleet and the tasks of a worker that joins, and says that a start waits for Redis', async () => {
    const lines: unknown[][] = []
    const write = (...args: unknown[]) => void lines.push(args)
    const logger = { debug: write, info: write, warn: write, error: write }
    await redis.kill('SIGSTOP')
    const beat = createBeat({ logger })
    beat.task('work', () => {})
    const started = beat.start()
    try {
      await waitFor(() => lines.length > 0, { what: 'the line of a start that waits' })
    } finally {
      await redis.kill('SIGCONT')
    }
    await started
    expect(lines[0]).toEqual([`[everybeat] waiting for Redis at 127.0.0.1:${redis.port}`, expect.anything()])
    const { worker } = beat.health()
    expect(lines[1]).toEqual([
      `[everybeat] worker ${worker} joined a fleet of 1 in pool default with the task work; nothing is planned`,
      { worker, fleetSize: 1, pool: 'default', tasks: ['work'], next: null },
    ])
  })
})

describe('stop', () => {
  it.each([2, 50, 200])(
    'stop() %d ms after start() does not wait for a lease thread that is not ready',
    async (waitMs) => {
      const beat = createBeat({ leaseKeeper: 'thread', connectTimeoutMs: 600_000 })
      const started = beat.start().catch((error: { code: string }) => error.code)
      await sleep(waitMs)
      await beat.stop({ timeoutMs: 0 })
      expect([undefined, 'ERR_EVERYBEAT_STATE']).toContain(await started)
    },
  )

  it.each([Number.NaN, -1, '5s', null])('stop() refuses %s as time-out', async (timeoutMs) => {
    const beat = createBeat()
    await expect(beat.stop({ timeoutMs: timeoutMs as number })).rejects.toMatchObject({
      code: 'ERR_EVERYBEAT_OPTIONS',
      field: 'timeoutMs',
    })
    expect(beat.health().state).toBe('idle')
  })

  it('stop() refuses an option that it does not know', async () => {
    await expect(createBeat().stop({ timeout: 5 } as never)).rejects.toThrow(/did you mean timeoutMs/)
  })

  it.each([Number.POSITIVE_INFINITY, 2 ** 31])('stop() with a time-out of %d ms lets a run end', async (timeoutMs) => {
    let finish = (): void => {}
    let run: Run | undefined
    const beat = createBeat()
    beat.task('work', async (given) => {
      run = given
      await new Promise<void>((resolve) => (finish = resolve))
    })
    const ended: string[] = []
    beat.on('run:succeeded', () => void ended.push('run'))
    await beat.start()
    await beat.schedules.put('long', { task: 'work', at: new Date() })
    await waitFor(() => run !== undefined, { what: 'the run' })
    const stopped = beat.stop({ timeoutMs }).then(() => ended.push('stop'))
    await sleep(100)
    expect(run!.signal.aborted).toBe(false)
    finish()
    await stopped
    expect(ended).toEqual(['run', 'stop'])
  })
})

describe('data loss', () => {
  it('a message about another generation has no effect without a reply that confirms it', async () => {
    const prefix = uniquePrefix()
    const beat = createBeat({ prefix })
    const task = beat.task('work', () => {})
    await beat.start()
    await task.schedule('declared', { cron: '0 9 * * *' })
    await beat.schedules.remove('declared')
    const ownChannel = `{${prefix}}:worker:${beat.health().worker!}`
    const listener = redis.connect()
    let beats = 0
    listener.on('message', () => void (beats += 1))
    await listener.subscribe(ownChannel)
    await redis.client.publish(`{${prefix}}:wake`, 'memory 0123456789abcdef')
    await waitFor(() => beats > 0, { what: 'the heartbeat that checks the message' })
    await beat.schedules.put('other', { task: 'work', cron: '0 9 * * *' })
    const schedules = await beat.schedules.list()
    expect(schedules.map(({ name }) => name)).toEqual(['other'])
  })
})

describe('tasks', () => {
  it('a one-off run starts now, once, whatever the defaults of the instance and the name of the task', async () => {
    const name = `${'a'.repeat(99)}😀 with a long name`
    const runs: Run[] = []
    const beat = createBeat({ defaults: { jitter: '30m', misfire: 'skip', misfireGrace: '1ms' } })
    const task = beat.task(name, (run) => void runs.push(run))
    await beat.start()
    await task.run({ n: 1 })
    await waitFor(() => runs.length === 1, { what: 'the one-off run' })
    expect(runs[0]).toMatchObject({ payload: { n: 1 }, task: name })
  })

  it('more tasks than a claim can name are refused when they are registered', () => {
    const beat = createBeat()
    for (let index = 0; index < 1_000; index += 1) beat.task(`task-${index}`, () => {})
    expect(() => beat.task('one-more', () => {})).toThrow(/at most 1000 tasks/)
  })

  it('a worker with as many tasks as can be registered claims', async () => {
    const beat = createBeat()
    let ran = false
    for (let index = 0; index < 1_000; index += 1) beat.task(`task-${index}`, () => void (ran = true))
    await beat.start()
    await beat.schedules.put('it', { task: 'task-999', at: new Date() })
    await waitFor(() => ran, { what: 'the run' })
  })
})
