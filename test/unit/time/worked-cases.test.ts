import { expect, test } from 'vitest'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'

function fires(input: TriggerInput, after: string, count: number): string[] {
  const trigger = createTrigger(input, 'worked')
  return trigger
    .between(Date.parse(after), Infinity, count)
    .map((at) => new Date(at).toISOString().replace('.000Z', 'Z'))
}

const newYork = { tz: 'America/New_York' }

test.each([
  ['30 2 * * *', '2026-03-07T06:00:00Z', ['2026-03-07T07:30:00Z', '2026-03-08T07:00:00Z', '2026-03-09T06:30:00Z']],
  ['30 1 * * *', '2026-10-31T06:00:00Z', ['2026-11-01T05:30:00Z', '2026-11-02T06:30:00Z']],
  [
    '*/30 * * * *',
    '2026-11-01T05:00:00Z',
    ['2026-11-01T05:30:00Z', '2026-11-01T06:00:00Z', '2026-11-01T06:30:00Z', '2026-11-01T07:00:00Z'],
  ],
  ['*/30 * * * *', '2026-03-08T06:00:00Z', ['2026-03-08T06:30:00Z', '2026-03-08T07:00:00Z', '2026-03-08T07:30:00Z']],
])('%s in New York after %s', (cron, after, expected) => {
  expect(fires({ cron, ...newYork }, after, expected.length)).toEqual(expected)
})
