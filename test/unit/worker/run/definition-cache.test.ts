import { expect, it } from 'vitest'
import { createDefinitionCache } from '../../../../src/worker/run/definition-cache.js'

const fields = { task: 'job', every: '1s' }

it('the definition cache parses a definition once, until its text changes or the cache forgets it', () => {
  const cache = createDefinitionCache()
  const first = cache.get({ schedule: 'a', digest: 'digest', fields })
  expect(first.read().task).toBe('job')
  expect(cache.get({ schedule: 'a', digest: 'digest', fields })).toBe(first)
  const second = cache.get({ schedule: 'a', digest: 'other', fields })
  expect(second.read()).not.toBe(first.read())
  cache.forget('a')
  expect(cache.get({ schedule: 'a', digest: 'other', fields })).not.toBe(second)
})

it('the definition cache keeps only a long payload of a definition of which a caller needs no more than the start', () => {
  const cache = createDefinitionCache()
  const get = (schedule: string, payload: string) =>
    cache.get({ schedule, digest: payload, fields: { ...fields, payload } })
  const short = get('a', '{}')
  expect(short.settings().payload).toEqual({})
  expect(get('a', '{}')).not.toBe(short)
  const text = JSON.stringify('x'.repeat(1_000))
  const long = get('b', text)
  expect(long.settings().payload).toBe('x'.repeat(1_000))
  expect(get('b', text)).toBe(long)
})

it('the definition cache keeps a bounded number of definitions, and drops the oldest', () => {
  const cache = createDefinitionCache(2)
  const [oldest, middle] = ['a', 'b', 'c'].map((name) => {
    const definition = cache.get({ schedule: name, digest: 'digest', fields })
    definition.read()
    return definition
  })
  expect(cache.get({ schedule: 'b', digest: 'digest', fields })).toBe(middle)
  expect(cache.get({ schedule: 'a', digest: 'digest', fields })).not.toBe(oldest)
})

it('the definition cache gives the fields of a start without parsing the trigger', () => {
  const kept = createDefinitionCache().get({
    schedule: 'a',
    digest: 'digest',
    fields: { cron: 'no cron at all', payload: '{"n":1}', timeout: '2s' },
  })
  expect(kept.settings()).toMatchObject({ payload: { n: 1 }, timeoutMs: 2_000, pauseAfter: null })
  expect(() => kept.read()).toThrow(/cron/)
})

it('the definition cache decodes the payload once for schedules with the same definition, and the trigger for each', () => {
  const cache = createDefinitionCache()
  const get = (schedule: string, digest: string, payload: string) =>
    cache.get({ schedule, digest, fields: { cron: 'H * * * *', payload } })
  const one = get('a', '1', '{"n":1}')
  const same = get('b', '1', '{"n":1}')
  expect(same.settings().payload).toBe(one.settings().payload)
  expect(Object.isFrozen(one.settings().payload)).toBe(true)
  expect(get('c', '2', '{"n":2}').settings().payload).toEqual({ n: 2 })
  // `H` is a minute that follows from the name of the schedule.
  expect(same.rule().trigger.next(0)).not.toBe(one.rule().trigger.next(0))
  expect(same.rule().name).toBe('b')
})

it('the definition cache shares the payloads of a hundred definitions at most', () => {
  const cache = createDefinitionCache()
  const payloadOf = (digest: number) =>
    cache.get({ schedule: 'a', digest: String(digest), fields: { ...fields, payload: '{}' } }).settings().payload
  const first = payloadOf(0)
  expect(payloadOf(0)).toBe(first)
  for (let digest = 1; digest <= 100; digest += 1) payloadOf(digest)
  expect(payloadOf(0)).not.toBe(first)
})
