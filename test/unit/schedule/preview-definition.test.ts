import { expect, it } from 'vitest'
import { preview } from '../../../src/index.js'

const FROM = { from: '2026-03-01T00:00:00Z', count: 3 }

it.each([
  ['null', null, 'definition'],
  ['a text', '0 9 * * *', 'definition'],
  ['a zone under a name that no definition has', { cron: '0 9 * * *', timezone: 'Asia/Tokyo' }, 'timezone'],
  ['a field of a misspelt name', { cron: '0 9 * * *', limits: 1 }, 'limits'],
  ['a limit of none', { every: '1h', limit: 0 }, 'limit'],
  ['a limit as text', { every: '1h', limit: '2' }, 'limit'],
])('preview refuses %s, which it would otherwise ignore', (_, definition, field) => {
  expect(() => preview(definition as never, FROM)).toThrow(
    expect.objectContaining({ code: 'ERR_EVERYBEAT_DEFINITION', field }),
  )
})

it('preview takes a whole definition, and shows no more than its limit', () => {
  const definition = { task: 'report', every: '1h', limit: 2, payload: { to: 'ops' }, retries: 3 }
  expect(preview(definition, FROM)).toHaveLength(2)
})
