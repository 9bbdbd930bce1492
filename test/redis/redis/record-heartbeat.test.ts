import { expect, it } from 'vitest'
import { useRedis } from '../../support/redis.js'
import { createScriptedFleet } from '../../support/scripted-fleet.js'
import { waitFor } from '../../support/wait-for.js'

const redis = useRedis()

it('record-heartbeat gives workers that join in the same millisecond ranks in the order in which they came, and changes no rank later', async () => {
  const { worker, keys, client } = createScriptedFleet(redis)
  const ids = Array.from({ length: 20 }, (_, index) => `w${String(99 - index)}`)
  const heard: string[] = []
  const listener = redis.connect()
  await listener.subscribe(keys.wake)
  listener.on('message', (_channel, message: string) => message.startsWith('joined ') && heard.push(message))
  // On one connection and without waiting for an answer: many of them in one millisecond.
  const joined = await Promise.all(ids.map((id) => worker(id).store.heartbeat({ id })))
  expect(joined.map(({ rank }) => rank)).toEqual(ids.map((_, index) => index))
  const later = await Promise.all(ids.map((id) => worker(id).store.heartbeat({ id })))
  expect(later.map(({ rank }) => rank)).toEqual(ids.map((_, index) => index))
  expect(await client.zrange(keys.ranks, 0, -1)).toEqual(ids)
  await waitFor(() => heard.length >= ids.length, { what: 'the events of all workers' })
  expect(heard).toEqual(ids.map((id, index) => `joined ${id} ${index + 1}`))
})

it('record-heartbeat replies to the elected worker whether one of the first two workers has a definition watch', async () => {
  const { worker, keys, client } = createScriptedFleet(redis)
  const beat = async (id: string, watching: string) => {
    await client.del(keys.upkeep)
    return (await worker(id).store.heartbeat({ watching })).isWatched
  }
  expect(await beat('first', '0')).toBe(false)
  expect(await beat('second', '1')).toBe(true)
  expect(await beat('third', '0')).toBe(true)
  expect(await beat('second', '0')).toBe(false)
  // A watch beyond the first two workers does not count, because that worker may stop at any moment.
  expect(await beat('third', '1')).toBe(false)
})
