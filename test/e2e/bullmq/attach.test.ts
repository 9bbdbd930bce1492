import { Queue, Worker } from 'bullmq'
import { describe, expect, it, onTestFinished } from 'vitest'
import { attach, enqueue } from '../../../src/bullmq/index.js'
import { Everybeat, type Run } from '../../../src/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const connection = () => ({ host: '127.0.0.1', port: redis.port, maxRetriesPerRequest: null })

function setUp(workerOptions: { autorun?: boolean } = {}) {
  const prefix = uniquePrefix('attach')
  const jobs: { id: string | undefined; name: string; data: unknown }[] = []
  const worker = new Worker(prefix, async ({ id, name, data }) => void jobs.push({ id, name, data: data as unknown }), {
    connection: connection(),
    ...workerOptions,
  })
  const queue = new Queue(prefix, { connection: connection() })
  const beat = new Everybeat({ redis: redis.url, prefix, logger: false })
  beat.task('report', enqueue(queue))
  onTestFinished(async () => {
    await beat.stop()
    await worker.close()
    await queue.close()
  })
  return { worker, queue, beat, jobs }
}

const countRuns = async (beat: Everybeat) => (await beat.schedules.history('nightly')).length

describe('attach', () => {
  it('attach starts both workers, and the payload of an occurrence becomes the data of a job', async () => {
    const { worker, beat, jobs } = setUp({ autorun: false })
    await using _both = await attach(worker, beat)
    await beat.schedules.put('nightly', { task: 'report', every: '100ms', limit: 1, payload: { to: 'ops' } })
    const [job] = await waitFor(() => jobs.length > 0 && jobs, { what: 'the job' })
    const [run] = await waitFor(async () => (await countRuns(beat)) > 0 && (await beat.schedules.history('nightly')), {
      what: 'the end of the run',
    })
    expect(job).toEqual({ id: run?.runId, name: 'report', data: { to: 'ops' } })
    expect(run?.result).toEqual({ jobId: run?.runId })
  })

  it('attach pauses and resumes Everybeat with the BullMQ worker, by any call', async () => {
    const { worker, beat } = setUp()
    const both = await attach(worker, beat)
    await worker.pause()
    await beat.schedules.put('nightly', { task: 'report', every: '100ms', misfire: 'all', misfireGrace: '1m' })
    const next = async () => (await beat.schedules.get('nightly'))?.next?.getTime() ?? Number.NaN
    const dueAt = await next()
    // By Redis's clock the instant has passed, and no worker has claimed it.
    await waitFor(async () => Number((await redis.client.time())[0]) * 1000 > dueAt + 1_000, { what: 'the instant' })
    expect(await next()).toBe(dueAt)
    await worker.resume()
    await waitFor(async () => (await next()) > dueAt, { what: 'the claim' })
    await both.pause()
    expect(worker.isPaused()).toBe(true)
    await both.resume()
    await waitFor(() => !worker.isPaused(), { what: 'the worker to continue' })
  })

  it('attach stops Everybeat when the BullMQ worker closes', async () => {
    const { worker, beat } = setUp()
    await attach(worker, beat)
    expect(beat.health().state).toBe('running')
    await worker.close()
    expect(beat.health().state).toBe('stopped')
  })

  it('close of attach first ends the runs of Everybeat, and then closes the BullMQ worker', async () => {
    const { worker, beat, queue } = setUp()
    const ends: string[] = []
    let isRunning = false
    beat.task('slow', async () => {
      isRunning = true
      worker.once('closing', () => ends.push('closing'))
      await queue.add('late', {})
      ends.push('run')
    })
    const both = await attach(worker, beat)
    await beat.schedules.put('once', { task: 'slow', at: new Date(Date.now() + 50) })
    await waitFor(() => isRunning, { what: 'the run' })
    await both.close()
    expect(ends).toEqual(['run', 'closing'])
    expect(worker.isRunning()).toBe(false)
  })

  it('attach does not start the BullMQ worker when Everybeat cannot start', async () => {
    const { worker, beat } = setUp()
    await beat.stop()
    await expect(attach(worker, beat)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_STATE' })
    expect(worker.listenerCount('paused') + worker.listenerCount('closing') + worker.listenerCount('resumed')).toBe(0)
  })

  it.each([
    [null, 'worker'],
    [{}, 'worker'],
  ])('attach refuses %j as a BullMQ worker', async (worker, field) => {
    const { beat } = setUp()
    await expect(attach(worker as never, beat)).rejects.toMatchObject({ code: 'ERR_EVERYBEAT_OPTIONS', field })
  })
})

describe('enqueue', () => {
  const run = { id: 'a:b%@5', task: 'report', payload: { to: 'ops' } } as Run<{ to: string }>

  it('enqueue adds a job once for an occurrence, also when the job was completed and removed', async () => {
    const { queue, worker, jobs } = setUp()
    const add = enqueue<{ to: string }>(queue, {
      name: (given) => `${given.task}-job`,
      data: (given: Run<{ to: string }>) => ({ mail: given.payload.to }),
      opts: { removeOnComplete: true },
    })
    const done = new Promise((resolve) => worker.once('completed', resolve))
    expect(await add(run)).toEqual({ jobId: 'a%3Ab%25@5' })
    await done
    expect(await queue.getJob('a%3Ab%25@5')).toBeUndefined()
    expect(await add(run)).toEqual({ jobId: 'a%3Ab%25@5' })
    // A job that is added later and worked shows that none is on its way.
    const marker = new Promise((resolve) => worker.on('completed', (job) => job.name === 'marker' && resolve(job)))
    await queue.add('marker', {})
    await marker
    expect(jobs.filter(({ name }) => name === 'report-job')).toEqual([
      { id: 'a%3Ab%25@5', name: 'report-job', data: { mail: 'ops' } },
    ])
  })

  it('enqueue passes the options of the job to BullMQ', async () => {
    const { queue } = setUp({ autorun: false })
    const { jobId } = await enqueue(queue, { opts: () => ({ delay: 60_000, priority: 3, attempts: 4 }) })(run)
    expect((await queue.getJob(jobId))?.opts).toMatchObject({ delay: 60_000, priority: 3, attempts: 4 })
  })

  it.each([
    [{ opts: { jobId: 'mine' } }, 'opts.jobId'],
    [{ opts: { repeat: { every: 5 } } }, 'opts.repeat'],
    [{ name: '' }, 'name'],
    [{ job: 'x' }, 'options'],
  ])('enqueue refuses %j', (options, field) => {
    const { queue } = setUp({ autorun: false })
    expect(() => enqueue(queue, options as never)).toThrow(
      expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS', field }),
    )
  })

  it('enqueue refuses a value that is no queue', () => {
    expect(() => enqueue({} as never)).toThrow(/^queue: .*allowed: a BullMQ Queue/)
  })
})
