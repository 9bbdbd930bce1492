import { expect, it } from 'vitest'
import { createDefinitionCache } from '../../../src/worker/definition-cache.js'

const fields = { task: 'job', every: '1s' }

it('decodes a definition once, until its text is another or it is to be forgotten', () => {
  const cache = createDefinitionCache()
  const first = cache.get({ schedule: 'a', digest: 'digest', fields })
  expect(first.read().task).toBe('job')
  expect(cache.get({ schedule: 'a', digest: 'digest', fields })).toBe(first)
  expect(cache.get({ schedule: 'a', digest: 'other', fields })).not.toBe(first)
  const second = cache.get({ schedule: 'a', digest: 'other', fields })
  cache.forget('a')
  expect(cache.get({ schedule: 'a', digest: 'other', fields })).not.toBe(second)
})

it('keeps no more than it may, and drops the oldest', () => {
  const cache = createDefinitionCache(2)
  const [oldest, middle] = ['a', 'b', 'c'].map((name) => cache.get({ schedule: name, digest: 'digest', fields }))
  expect(cache.get({ schedule: 'b', digest: 'digest', fields })).toBe(middle)
  expect(cache.get({ schedule: 'a', digest: 'digest', fields })).not.toBe(oldest)
})

it('gives what a start needs without reading the trigger, which only who asks for all of it pays for', () => {
  const kept = createDefinitionCache().get({
    schedule: 'a',
    digest: 'digest',
    fields: { cron: 'no cron at all', payload: '{"n":1}', timeout: '2s' },
  })
  expect(kept.settings()).toMatchObject({ payload: { n: 1 }, timeoutMs: 2_000, pauseAfter: null })
  expect(() => kept.read()).toThrow(/cron/)
})
