import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { Everybeat, type Run } from '../../../src/index.js'
import { startProxy } from '../../chaos/proxy.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const LEASE_MS = 500

/** A worker that notes what it starts; closed after the test. */
async function startWorker(url: string, prefix: string, starts: Run[]): Promise<Everybeat> {
  const beat = new Everybeat({ redis: url, prefix, leaseMs: LEASE_MS, logger: false })
  onTestFinished(() => beat.stop({ timeoutMs: 100 }))
  beat.task('work', async (run) => {
    starts.push(run)
    await sleep(20)
  })
  await beat.start()
  return beat
}

const historyOf = (beat: Everybeat, name: string) =>
  waitFor(
    async () => {
      const entries = await beat.schedules.history(name)
      return entries.length > 0 && entries
    },
    { what: 'the history' },
  )

describe('a claim whose reply is late', () => {
  it.each(['skip', 'rerun'] as const)(
    'a claim whose reply arrives after the end of its lease starts no run: with %s the run is delivered again',
    async (onCrash) => {
      const proxy = await startProxy(redis.port)
      onTestFinished(() => proxy.close())
      const prefix = uniquePrefix()
      const starts: Run[] = []
      const beat = await startWorker(proxy.url, prefix, starts)
      let held = 0
      proxy.judge = ({ bytes }) => {
        // The reply of a claim has the fields of the definition and their values, apart by NUL.
        if (held > 0 || !bytes.includes('task\0work')) return 'pass'
        held += 1
        return { holdMs: LEASE_MS * 3 }
      }
      await beat.schedules.put('late', { task: 'work', at: new Date(Date.now() + 200), onCrash })
      const history = await historyOf(beat, 'late')
      expect(held).toBe(1)
      expect(history).toMatchObject([{ outcome: 'ok', attempt: 1 }])
      expect(starts).toHaveLength(1)
      expect(starts[0]?.signal.aborted).toBe(false)
    },
  )

  it('the runs of a claim start after Redis was frozen for longer than a lease', async () => {
    const prefix = uniquePrefix()
    const starts: Run[] = []
    const beat = await startWorker(redis.url, prefix, starts)
    await beat.schedules.put('late', { task: 'work', at: new Date(Date.now() + 300), onCrash: 'skip' })
    await redis.kill('SIGSTOP')
    await sleep(300 + LEASE_MS * 2)
    await redis.kill('SIGCONT')
    expect(await historyOf(beat, 'late')).toMatchObject([{ outcome: 'ok' }])
    expect(starts).toHaveLength(1)
  })

  it('a claim whose reply is late does not delay stop when the server does not confirm its lease', async () => {
    const proxy = await startProxy(redis.port)
    onTestFinished(() => proxy.close())
    const starts: Run[] = []
    const beat = await startWorker(proxy.url, uniquePrefix(), starts)
    proxy.judge = ({ bytes }) => {
      if (!bytes.includes('task\0work')) return 'pass'
      proxy.isDeaf = true
      return { holdMs: LEASE_MS * 3 }
    }
    await beat.schedules.put('late', { task: 'work', at: new Date(Date.now() + 200) })
    await waitFor(() => beat.health().running === 1, { what: 'the run, which asks for its lease' })
    await beat.stop({ timeoutMs: Number.POSITIVE_INFINITY })
    expect(starts).toEqual([])
  }, 30_000)
})
