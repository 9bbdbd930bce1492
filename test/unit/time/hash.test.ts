import { describe, expect, test } from 'vitest'
import { createTrigger } from '../../../src/time/create-trigger.js'
import { hashBelow, hashText } from '../../../src/time/hash.js'
import { startDelay } from '../../../src/time/jitter.js'

test('the hash never changes: schedules in every fleet depend on it', () => {
  expect(['', 'a', 'daily-report', 'Ärger', '日報'].map(hashText)).toEqual([
    2872998923, 444641715, 2835880773, 1650325621, 3162300878,
  ])
})

test('hashes of names spread evenly', () => {
  const counts = new Array<number>(60).fill(0)
  for (let index = 0; index < 60_000; index++) counts[hashBelow(`minute:job-${index}`, 60)]!++
  expect(Math.min(...counts)).toBeGreaterThan(850)
  expect(Math.max(...counts)).toBeLessThan(1150)
})

describe('H', () => {
  const minutesOf = (cron: string, name: string): number[] => {
    const trigger = createTrigger({ cron }, name)
    return trigger
      .between(Date.UTC(2026, 0, 1) - 1, Date.UTC(2026, 0, 1, 1) - 1, 60)
      .map((at) => new Date(at).getUTCMinutes())
  }

  test('H gives one name the same minute every time, and other names other minutes', () => {
    expect(minutesOf('H * * * *', 'a')).toEqual(minutesOf('H * * * *', 'a'))
    const minutes = new Set(Array.from({ length: 200 }, (_, index) => minutesOf('H * * * *', `job ${index}`)[0]))
    expect(minutes.size).toBeGreaterThan(40)
  })

  test('H stays in its range, and steps from its own offset', () => {
    for (let index = 0; index < 100; index++) {
      const [minute] = minutesOf('H(10-14) * * * *', `job ${index}`)
      expect(minute).toBeGreaterThanOrEqual(10)
      expect(minute).toBeLessThanOrEqual(14)
      const steps = minutesOf('H/15 * * * *', `job ${index}`)
      expect(steps).toHaveLength(4)
      expect(steps.map((step) => step - steps[0]!)).toEqual([0, 15, 30, 45])
      expect(minutesOf('H(0-29)/10 * * * *', `job ${index}`)).toHaveLength(3)
    }
  })

  test('H falls into every month', () => {
    for (let index = 0; index < 100; index++) {
      const trigger = createTrigger({ cron: '0 0 H * *' }, `job ${index}`)
      expect(trigger.between(Date.UTC(2026, 0, 1) - 1, Date.UTC(2027, 0, 1) - 1, 20)).toHaveLength(12)
    }
  })

  test('H with a step is interval-like, and H alone is fixed-time', () => {
    expect(createTrigger({ cron: 'H/15 3 * * *' }, 'a').text).toContain('interval')
    expect(createTrigger({ cron: 'H H * * *' }, 'a').text).not.toContain('interval')
  })
})

describe('startDelay', () => {
  const nominal = Date.UTC(2026, 0, 1)

  test('startDelay is the same for one name and instant, and differs between instants', () => {
    const delays = Array.from({ length: 50 }, (_, day) => startDelay('a', nominal + day * 86_400_000, null, 60_000))
    expect(delays).toEqual(
      Array.from({ length: 50 }, (_, day) => startDelay('a', nominal + day * 86_400_000, null, 60_000)),
    )
    expect(new Set(delays).size).toBeGreaterThan(45)
  })

  test('startDelay spreads over 0 to jitter, both ends included', () => {
    const delays = Array.from({ length: 4_000 }, (_, index) => startDelay(`job ${index}`, nominal, null, 9))
    expect([...new Set(delays)].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    for (let delay = 0; delay < 10; delay++) expect(delays.filter((one) => one === delay).length).toBeGreaterThan(300)
  })

  test('startDelay never reaches the next occurrence', () => {
    for (let index = 0; index < 1_000; index++) {
      expect(startDelay(`job ${index}`, nominal, nominal + 1_000, 3_600_000)).toBeLessThan(1_000)
    }
    expect(startDelay('a', nominal, nominal + 1, 1_000)).toBe(0)
  })

  test.each([0, -5, NaN])('startDelay is 0 for a jitter of %s', (jitter) => {
    expect(startDelay('a', nominal, null, jitter)).toBe(0)
  })
})
