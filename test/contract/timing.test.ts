import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { listFiles, parseSource } from '../support/sources.js'
import * as rules from './timing-rules.js'

const read = (path: string): string => readFileSync(join(PROJECT_DIR, path), 'utf8')
const tests = listFiles('test')
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => parseSource(path, read(`test/${path}`)))

/** Upper bounds of times which no machine exceeds, and why. */
const STEADY_BOUNDS: Record<string, string> = {
  'e2e/fleet.test.ts: latenessMs': 'a minute, where a clock that is wrong is off by an hour',
  "e2e/examples/kubernetes.test.ts: Number(valueOf('STOP_TIMEOUT_MS')) + 5_000": 'options of a file, no clock is read',
  'redis/changes.test.ts: process.cpuUsage(startedAt).user': 'time on the processor, which a stall does not add to',
  'redis/support/support.test.ts: await aheadMs()': 'a clock that is set back by two hours',
  'redis/time-source.test.ts: skewMs': 'a clock that is decades behind',
  'unit/benchmarks/capacity.test.ts: worst / plan.herdSeconds': 'computed, no clock is read',
  'unit/schedule/plan-text.test.ts: delayMs': 'computed, no clock is read',
  'unit/testing/test-fleet.test.ts: fleet.now.getTime() - before': 'a clock that the test drives',
  'unit/time/exclusion.test.ts: process.cpuUsage(begin).user / 1000':
    'time on the processor, which a stall does not add to',
  'unit/time/fuzz.test.ts: slowest.ms': 'time on the processor, which a stall does not add to',
  'unit/time/solar.test.ts: Math.abs(at - fires[index]! - DAY_MS)': 'computed, no clock is read',
  'unit/worker/loop/loop.test.ts: free.claims.at(-1)': 'a clock that the test drives',
  'unit/worker/loop/precise-timer.test.ts: passed.steps * stepMs': 'a clock that the test drives',
  'unit/worker/maintenance/planning-pace.test.ts: mostInTurn * PLAN_MS': 'a clock that the test drives',
}

/** Short waits, and why. */
const SHORT_WAITS: Record<string, string> = {
  'redis/support/support.test.ts: 20 ms for () => null': 'a wait without success',
  "redis/support/support.test.ts: 20 ms for () => Promise.reject(new Error('no key')": 'a wait without success',
  "redis/support/support.test.ts: 50 ms for 'never'": 'a wait without success',
  'redis/testing/redis-server.test.ts: 200 ms for () => hasAnswered': 'a wait without success',
}

describe('the tests on a busy machine', () => {
  it('no test and no configuration of tests retries a failed test', () => {
    expect(tests.flatMap(rules.findRetries)).toEqual([])
    for (const path of ['vitest.config.ts', '.ci/run', 'package.json'])
      expect(read(path), path).not.toMatch(/\bretry\b/)
  })

  it('no test bounds the time of a machine, except the listed tests with a reason', () => {
    expect(tests.flatMap(rules.findTimeBounds).toSorted()).toEqual(Object.keys(STEADY_BOUNDS).toSorted())
  })

  it('no test has a short wait, except the listed tests with a reason', () => {
    expect(tests.flatMap(rules.findShortWaits).toSorted()).toEqual(Object.keys(SHORT_WAITS).toSorted())
  })
})

describe('the rules of time in tests', () => {
  const found = (rule: (file: ReturnType<typeof parseSource>) => string[], code: string) =>
    rule(parseSource('a.ts', code))

  it.each([
    "it('a', { retry: 2 }, f)",
    "it.each([1])('a', { retry: 2 }, f)",
    "describe('a', { retry }, f)",
    'vi.setConfig({ retry: 1 })',
  ])('the rules find a test that is retried: %s', (code) => {
    expect(found(rules.findRetries, code)).toHaveLength(1)
  })

  it.each([
    'expect(elapsedMs).toBeLessThan(5)',
    'expect(performance.now() - from, name).toBeLessThanOrEqual(5)',
    'expect(startedAt.get(name)! - at).toBeLessThan(1_000)',
  ])('the rules find an upper bound of a time: %s', (code) => {
    expect(found(rules.findTimeBounds, code)).toHaveLength(1)
  })

  it.each(['expect(calls.length).toBeLessThan(5)', 'expect(elapsedMs).toBeGreaterThan(5)', 'f(elapsedMs)'])(
    'the rules accept a count and a lower bound: %s',
    (code) => {
      expect(found(rules.findTimeBounds, code)).toEqual([])
    },
  )

  it.each([
    "waitFor(() => a, { what: 'a', timeoutMs: 1_500 })",
    'expect.poll(() => a, { timeout: 2_000 }).toBe(1)',
    "nextEvent(beat, 'run:started', f, 3_000)",
    "fleet.next('run:started', f, 3_000)",
  ])('the rules find a short wait: %s', (code) => {
    expect(found(rules.findShortWaits, code)).toHaveLength(1)
    expect(found(rules.findShortWaits, code.replace(/\d_[05]00/, '30_000'))).toEqual([])
  })

  it('every exception of the rules has a reason', () => {
    const reasons = Object.values({ ...STEADY_BOUNDS, ...SHORT_WAITS })
    expect(reasons.filter((reason) => reason.length < 10)).toEqual([])
  })
})
