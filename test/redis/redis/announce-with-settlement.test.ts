import { describe, expect, it, onTestFinished } from 'vitest'
import { countCommands } from '../../support/command-counts.js'
import { useRedis } from '../../support/redis.js'
import { createDaily, DAY, pastDays } from '../../support/scripted-fleet.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()
const [t3] = pastDays(1) as [number]

/** A fleet with a running run, and the later messages on its channel. */
async function claimAndListen() {
  const fleet = await createDaily(redis)
  const worker = fleet.worker('w')
  await fleet.plan('it', `${t3} ${t3 + DAY}`, t3 - DAY)
  const run = await worker.claimOne()
  const listener = redis.client.duplicate()
  onTestFinished(() => listener.disconnect())
  const heads: string[] = []
  listener.on('message', (_channel: string, message: string) => {
    if (message.startsWith('head ')) heads.push(message)
  })
  await listener.subscribe(fleet.keys.wake)
  /** Resolves when everything that was published before has arrived. */
  const heardAll = async () => {
    const count = heads.length
    await fleet.client.publish(fleet.keys.wake, 'head 0 end')
    await waitFor(() => heads.at(-1) === 'head 0 end' && heads.length > count, { what: 'the last message' })
    return heads.filter((head) => head !== 'head 0 end')
  }
  return { worker, run, heardAll }
}

describe('an announcement of the next due', () => {
  it('a settlement that is sent before the time of an announcement carries it and saves a call', async () => {
    const { worker, run, heardAll } = await claimAndListen()
    let endDelay = (): void => {}
    const announced = worker.store.announceNextDue(new Promise((resolve) => (endDelay = resolve)))
    const counts = await countCommands(redis.url, async () => {
      expect(await worker.settle(run)).toBe('settled')
      endDelay()
      await announced
    })
    expect(await heardAll()).toEqual([`head ${t3 + DAY} 1`])
    expect(counts.get('evalsha')).toBe(1)
  })

  it('an announcement is a separate call when no settlement was sent before its time', async () => {
    const { worker, run, heardAll } = await claimAndListen()
    await worker.store.announceNextDue(Promise.resolve())
    expect(await heardAll()).toEqual([`head ${t3 + DAY} 1`])
    await worker.settle(run)
    expect(await heardAll()).toHaveLength(1)
  })

  it('a settlement without a waiting announcement announces nothing', async () => {
    const { worker, run, heardAll } = await claimAndListen()
    await worker.settle(run)
    expect(await heardAll()).toEqual([])
  })
})
