import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat } from '../../src/index.js'
import { uniquePrefix, useRedis } from '../support/redis.js'
import { runCli, startCli, type CliProcess } from './cli-runner.js'

const redis = useRedis()

/** A worker with a task that waits for a message of the test, and the command line on its prefix. */
async function createFleet() {
  const prefix = uniquePrefix('live')
  const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 1_000 }))
  let finish: () => void = () => undefined
  const finished = new Promise<void>((resolve) => (finish = resolve))
  beat.task('short', () => 'done')
  beat.task('long', () => finished)
  await beat.start()
  const env = { EVERYBEAT_REDIS_URL: redis.url, EVERYBEAT_PREFIX: prefix }
  return { beat, finish, env }
}

/** Runs a schedule of its own again and again until `tail` shows it. */
async function untilShown(beat: Everybeat, tail: CliProcess): Promise<void> {
  await beat.schedules.put('probe', { task: 'short', every: '200ms' })
  await tail.line(/"probe"/)
  await beat.schedules.pause('probe')
}

interface Item {
  event: string
  schedule: string
  entry?: { outcome: string }
}

describe('tail', () => {
  it('tail shows the start and the end of runs that are shorter than its look, and of longer ones', async () => {
    const { beat, finish, env } = await createFleet()
    await beat.schedules.put('a', { task: 'short', every: '1h' })
    await beat.schedules.put('b', { task: 'long', every: '1h' })
    const tail = startCli(['tail', '--json'], { env })
    // The first start that it shows proves that its first look is over; earlier ones are not shown.
    await untilShown(beat, tail)
    const started = new Promise<void>((resolve) =>
      beat.on('run:started', ({ schedule }) => schedule === 'b' && resolve()),
    )
    await beat.schedules.trigger('a')
    await beat.schedules.trigger('b')
    await started
    await tail.line(/"started".*"b"/)
    finish()
    await tail.line(/"ended".*"schedule":"b"/)
    await tail.line(/"ended".*"schedule":"a"/)
    tail.kill('SIGINT')
    const { exitCode, stdout } = await tail.ended
    const all = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Item)
    const items = all.filter(({ schedule }) => schedule !== 'probe')
    expect(exitCode).toBe(0)
    expect(items.map(({ event, schedule }) => `${event} ${schedule}`).sort()).toEqual([
      'ended a',
      'ended b',
      'started a',
      'started b',
    ])
    expect(items.filter(({ event }) => event === 'ended').map(({ entry }) => entry?.outcome)).toEqual(['ok', 'ok'])
  })

  it('tail reports a missing schedule', async () => {
    const { env } = await createFleet()
    expect(await runCli(['tail', 'nothing'], { env })).toMatchObject({ exitCode: 1 })
  })
})

describe('runs and top', () => {
  it('runs and top list the running run, with the id that cancel accepts', async () => {
    const { beat, finish, env } = await createFleet()
    await beat.schedules.put('b', { task: 'long', every: '1h' })
    const started = new Promise<void>((resolve) => beat.on('run:started', () => resolve()))
    await beat.schedules.trigger('b')
    await started
    const [run] = JSON.parse((await runCli(['runs', '--json'], { env })).stdout) as { runId: string; state: string }[]
    expect(run).toMatchObject({ schedule: 'b', state: 'running' })
    expect((await runCli(['runs', '--state', 'waiting'], { env })).stdout).toBe('No runs.\n')
    const top = JSON.parse((await runCli(['top', '--json'], { env })).stdout) as { workers: object[]; runs: object[] }
    expect(top).toMatchObject({
      workers: [{ concurrency: 50 }],
      runs: [{ schedule: 'b' }],
      next: [{ name: 'b' }],
      schedules: { active: 1 },
    })
    expect((await runCli(['top'], { env })).stdout).toContain('1 worker, 1/50 slots')
    expect((await runCli(['cancel', run!.runId], { env })).exitCode).toBe(0)
    finish()
  })
})
