import { expect, it } from 'vitest'
import { decidePlan } from '../../../src/schedule/decide-plan.js'

const DAY = 86_400_000
const last = Date.UTC(2026, 0, 10)
const fields = { task: 'job', cron: '0 0 * * *', misfire: 'all' }
const nowMs = last + 1.5 * DAY

function decide(state: Record<string, string>) {
  return decidePlan({ name: 'it', digest: 'd', fields, state, declared: '' }, nowMs)
}

it('a state that was restored from the history continues after its last instant: occurrences since then run', () => {
  const { plan } = decide({ last: String(last), seen: '3', restored: '1' })
  expect(
    plan
      .split(' ')
      .map((item) => Number.parseInt(item, 10))
      .slice(0, 2),
  ).toEqual([last + DAY, last + 2 * DAY])
})

it('a state that has no trigger and was not restored starts from now when its schedule is enabled again', () => {
  const { plan } = decide({ last: String(last), seen: '3', rule: 'cron 0 0 * * *' })
  expect(Number.parseInt(plan, 10)).toBe(last + 2 * DAY)
})

it('a state that was restored with its pause keeps the due occurrences in its plan until the pause ends', () => {
  const { plan, skipped } = decide({ last: String(last), seen: '3', restored: '1', paused: '{"at":1}' })
  expect([Number.parseInt(plan, 10), skipped]).toEqual([last + DAY, []])
})
