import { expect, it } from 'vitest'
import { useFleet } from '../support/fleet.js'
import { useRedis } from '../support/redis.js'

const redis = useRedis()
const fleet = useFleet(redis)

const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

it.each([
  ['a cursor that no page gave', { cursor: 'garbage' }, 'cursor'],
  ['a cursor of a shard that is not there', { cursor: '1:a' }, 'cursor'],
  ['a cursor of another order', { cursor: '0:a', order: 'next' }, 'cursor'],
  ['a cursor with other content', { cursor: encoded({}), order: 'next' }, 'cursor'],
  ['a cursor of another number of shards', { cursor: encoded({ due: [null, null] }), order: 'next' }, 'cursor'],
  ['a cursor of the latest ones with other content', { cursor: encoded([1]), order: 'last' }, 'cursor'],
  ['a pattern that is no text', { match: /a/ }, 'match'],
  ['an owner that is no text', { owner: 5 }, 'owner'],
])('a list of schedules refuses %s', async (_, options, field) => {
  const refused = { code: 'ERR_EVERYBEAT_OPTIONS', field }
  await expect(fleet.create().schedules.list(options as never)).rejects.toMatchObject(refused)
})

it('putMany refuses a name that is given twice, and writes nothing', async () => {
  const { schedules } = fleet.create()
  const twice = [
    { name: 'a', every: '1h' },
    { name: 'a', every: '2h' },
  ] as const
  const refused = { code: 'ERR_EVERYBEAT_OPTIONS', field: 'definitions', value: 'a' }
  await expect(schedules.putMany(twice)).rejects.toMatchObject(refused)
  expect(await schedules.count()).toBe(0)
})
