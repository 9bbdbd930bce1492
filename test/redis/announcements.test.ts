import { expect, it } from 'vitest'
import { createKeys } from '../../src/redis/keys.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** Starts and heads in the order in which this process hears them. */
async function follow(workers: number, starts: number): Promise<string[]> {
  const seen: string[] = []
  const heads = redis.client.duplicate()
  await heads.subscribe(createKeys(fleet.prefix(), 0, 1).wake)
  const beats = Array.from({ length: workers }, () => fleet.create())
  for (const beat of beats) {
    beat.task('tick', ({ scheduledAt }) => void seen.push(`start ${scheduledAt.getTime()}`))
  }
  for (const beat of beats) await beat.start()
  heads.on('message', (_channel: string, message: string) => {
    const head = message.split(' ').slice(0, 2).join(' ')
    if (head.startsWith('head ')) seen.push(head)
  })
  const begun = nextEvent(beats[0]!, 'schedule:changed')
  await beats[0]!.schedules.put('tick', { every: '1s' })
  await begun
  await waitFor(() => seen.filter((what) => what.startsWith('start ')).length > starts, { what: 'the starts' })
  heads.disconnect()
  return seen
}

it('a worker that has claimed an instant announces the next one before it is due, also to a worker that has just joined', async () => {
  const seen = await follow(2, 4)
  const starts = seen.filter((what) => what.startsWith('start ')).map((what) => Number(what.split(' ')[1]))
  for (const at of starts.slice(1)) {
    const told = seen.indexOf(`head ${at}`)
    expect(told).toBeGreaterThanOrEqual(0)
    expect(told).toBeLessThan(seen.indexOf(`start ${at}`))
  }
})

it('a worker announces nothing in a fleet of one', async () => {
  const seen = await follow(1, 2)
  const first = seen.findIndex((what) => what.startsWith('start '))
  expect(seen.slice(first).filter((what) => what.startsWith('head '))).toEqual([])
})
