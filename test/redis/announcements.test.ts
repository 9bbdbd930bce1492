import { expect, it } from 'vitest'
import { createKeys } from '../../src/redis/keys.js'
import { nextEvent, useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'
import { waitFor } from '../support/wait-for.js'

const redis = useRedis()
const fleet = useFleet(redis)

/** Starts and heads in the order in which they came about; both are heard in this process. */
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
    // On a busy machine the other worker may look before it was told, and tells the same once more.
    if (head.startsWith('head ') && head !== seen.at(-1)) seen.push(head)
  })
  const begun = nextEvent(beats[0]!, 'schedule:changed')
  await beats[0]!.schedules.put('tick', { every: '1s' })
  await begun
  await waitFor(() => seen.filter((what) => what.startsWith('start ')).length > starts, { what: 'the starts' })
  heads.disconnect()
  return seen.slice(
    seen.findIndex((what) => what.startsWith('start ')),
    seen.findLastIndex((what) => what.startsWith('start ')),
  )
}

it('a worker tells the fleet of the next instant when the starts of this one are made, also for a worker that has just joined', async () => {
  const seen = await follow(2, 4)
  const starts = seen.filter((what) => what.startsWith('start ')).map((what) => Number(what.split(' ')[1]))
  expect(seen).toEqual(starts.flatMap((at) => [`start ${at}`, `head ${at + 1_000}`]))
})

it('a worker announces nothing in a fleet of one', async () => {
  const seen = await follow(1, 2)
  expect(seen.filter((what) => what.startsWith('head '))).toEqual([])
})
