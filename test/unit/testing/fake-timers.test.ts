import { afterEach, expect, it, vi } from 'vitest'
import { createTestFleet } from '../../../src/testing/index.js'

afterEach(() => vi.useRealTimers())

const REFUSAL = {
  code: 'ERR_EVERYBEAT_STATE',
  field: 'timers',
  message: expect.stringContaining('setTimeout') as string,
}

it('a test fleet is refused under fake timers, and the error says what to do', async () => {
  vi.useFakeTimers()
  await expect(createTestFleet()).rejects.toMatchObject(REFUSAL)
})

it('a test fleet refuses calls while timers are fake, and accepts them when the timers are real again', async () => {
  const fleet = await createTestFleet()
  await fleet.worker((beat) => beat.task('work', () => {}))
  await fleet.schedules.put('work', { every: '1m' })
  vi.useFakeTimers()
  await expect(fleet.advance('5m')).rejects.toMatchObject(REFUSAL)
  await expect(fleet.schedules.list()).rejects.toMatchObject(REFUSAL)
  vi.useRealTimers()
  expect(await fleet.advance('5m')).toHaveLength(5)
  await fleet[Symbol.asyncDispose]()
})

it('a fake Date does not affect a test fleet', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  const fleet = await createTestFleet({ now: '2026-01-01T00:00:00Z' })
  await fleet.worker((beat) => beat.task('work', () => {}))
  await fleet.schedules.put('work', { every: '1m' })
  const [run] = await fleet.advance('1m')
  expect(run!.scheduledAt.toISOString()).toBe('2026-01-01T00:01:00.000Z')
  await fleet[Symbol.asyncDispose]()
})
