import { describe, expect, it } from 'vitest'
import type { Definition, DefinitionInput } from '../../../src/schedule/definition.js'
import { decideMisfire, MAX_DROPPED_LISTED, MAX_ON_TIME } from '../../../src/schedule/decide-misfire.js'
import type { MisfireDecision, MisfireQuestion } from '../../../src/schedule/decide-misfire.js'
import { parseDefinition } from '../../../src/schedule/parse-definition.js'
import { delayOf } from '../../../src/schedule/plan-text.js'
import type { Trigger } from '../../../src/time/trigger.js'
import { listedTrigger } from './listed-trigger.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const NOW_MS = Date.UTC(2026, 5, 1, 12)

function definitionOf(trigger: Trigger | string, policy: DefinitionInput = {}): Definition {
  if (typeof trigger === 'string') return parseDefinition('report', { every: trigger, ...policy })
  return { ...parseDefinition('report', { every: '1d', ...policy }), trigger }
}

function decide(
  trigger: Trigger | string,
  policy: DefinitionInput,
  question: Partial<MisfireQuestion>,
): MisfireDecision {
  const pendingMs = question.pendingMs ?? NOW_MS
  return decideMisfire({
    definition: definitionOf(trigger, policy),
    nowMs: NOW_MS,
    lastMs: null,
    ...question,
    pendingMs,
  })
}

const hoursAgo = (...hours: number[]) => hours.map((count) => NOW_MS - count * HOUR_MS)

describe('occurrences on time', () => {
  it('an occurrence that is due now is on time and runs', () => {
    const decision = decide('1h', {}, { pendingMs: NOW_MS })
    expect(decision).toMatchObject({ run: [NOW_MS], missed: 0, catchUp: false, skipped: [], skippedMore: null })
    expect(decision.next[0]).toBe(NOW_MS + HOUR_MS)
  })

  it('no occurrence runs before the pending occurrence is due', () => {
    const decision = decide('1h', {}, { nowMs: NOW_MS - 1 })
    expect(decision).toMatchObject({ run: [], skipped: [], catchUp: false })
    expect(decision.next[0]).toBe(NOW_MS)
  })

  it('an occurrence is on time up to its grace and no longer', () => {
    const policy: DefinitionInput = { misfire: 'skip', misfireGrace: '60s' }
    expect(decide('1h', policy, { nowMs: NOW_MS + 60_000 }).run).toEqual([NOW_MS])
    const late = decide('1h', policy, { nowMs: NOW_MS + 60_001 })
    expect(late.run).toEqual([])
    expect(late.skipped).toEqual([{ atMs: NOW_MS, reason: 'misfire' }])
  })

  it.each(['skip', 'latest', 'all'] as const)(
    'all occurrences within the grace run in order with misfire %s',
    (misfire) => {
      const decision = decide('1h', { misfire, misfireGrace: '2h' }, { pendingMs: NOW_MS - 2 * HOUR_MS })
      expect(decision).toMatchObject({ run: hoursAgo(2, 1, 0), catchUp: false, missed: 0, skipped: [] })
    },
  )

  it('on-time occurrences beyond the bound are left to the next decision, in order', () => {
    const decision = decide('100ms', { misfireGrace: '60s' }, { pendingMs: NOW_MS - 60_000 })
    expect(decision.run).toHaveLength(MAX_ON_TIME)
    expect(decision.next[0]).toBe(decision.run.at(-1)! + 100)
    expect(decision.skipped).toEqual([])
  })
})

describe('missed occurrences', () => {
  const pendingMs = NOW_MS - 5 * HOUR_MS

  it.each([
    {
      misfire: 'skip',
      run: hoursAgo(0),
      skipped: hoursAgo(5, 4, 3, 2, 1),
      reason: 'misfire',
      missed: 0,
      catchUp: false,
    },
    {
      misfire: 'latest',
      run: hoursAgo(1, 0),
      skipped: hoursAgo(5, 4, 3, 2),
      reason: 'misfire',
      missed: 4,
      catchUp: true,
    },
    { misfire: 'all', run: hoursAgo(5, 4, 3, 2, 1, 0), skipped: [], reason: '', missed: 0, catchUp: true },
  ] as const)(
    'the missed occurrences of five hours are decided by misfire $misfire',
    ({ misfire, run, skipped, reason, missed, catchUp }) => {
      const decision = decide('1h', { misfire }, { pendingMs })
      expect(decision).toMatchObject({ run, missed, catchUp, skippedMore: null, exact: true })
      expect(decision.skipped).toEqual(skipped.map((atMs) => ({ atMs, reason })))
      expect(decision.next[0]).toBe(NOW_MS + HOUR_MS)
    },
  )

  it('missed occurrences older than the catch-up window are skipped under every policy, and do not count as missed', () => {
    for (const misfire of ['skip', 'latest', 'all'] as const) {
      const decision = decide('1h', { misfire, catchUpWindow: '3h' }, { pendingMs })
      const old = decision.skipped.filter(({ reason }) => reason === 'catch-up-window').map(({ atMs }) => atMs)
      expect(old).toEqual(hoursAgo(5, 4))
      expect(decision.missed).toBe(misfire === 'latest' ? 2 : 0)
    }
  })

  it('no missed occurrence is caught up when even the newest is older than the window', () => {
    const decision = decide(
      '1d',
      { misfire: 'latest', catchUpWindow: '1h' },
      { pendingMs: NOW_MS - 3 * DAY_MS + DAY_MS / 2 },
    )
    expect(decision).toMatchObject({ run: [], catchUp: false, missed: 0 })
    expect(decision.skipped.map(({ reason }) => reason)).toEqual([
      'catch-up-window',
      'catch-up-window',
      'catch-up-window',
    ])
  })

  it('a grace longer than the catch-up window decides over missed occurrences', () => {
    const decision = decide('1h', { catchUpWindow: 0, misfireGrace: '2h' }, { pendingMs })
    expect(decision.run).toEqual(hoursAgo(2, 1, 0))
    expect(decision.skipped.map(({ reason }) => reason)).toEqual([
      'catch-up-window',
      'catch-up-window',
      'catch-up-window',
    ])
  })

  it('missed occurrences under all are caught up from the newest up to the cap', () => {
    const decision = decide('1h', { misfire: 'all', maxCatchUp: 2 }, { pendingMs })
    expect(decision.run).toEqual(hoursAgo(2, 1, 0))
    expect(decision.skipped).toEqual(hoursAgo(5, 4, 3).map((atMs) => ({ atMs, reason: 'catch-up-cap' })))
  })

  it('a claimed occurrence is never given again as missed', () => {
    const decision = decide('1h', { misfire: 'all' }, { pendingMs, lastMs: NOW_MS - 2 * HOUR_MS })
    expect(decision.run).toEqual(hoursAgo(1, 0))
    expect(decision.skipped).toEqual([])
  })

  it('missed occurrences start at the first occurrence of the trigger when no instant is pending', () => {
    expect(decide('1h', { misfire: 'all' }, { pendingMs: NOW_MS - 2 * HOUR_MS - 1 }).run).toEqual(hoursAgo(2, 1, 0))
  })

  it('no missed occurrence of a finished schedule is caught up', () => {
    const decision = decide(listedTrigger([NOW_MS - HOUR_MS]), {}, { lastMs: NOW_MS - HOUR_MS })
    expect(decision).toEqual({
      run: [],
      missed: 0,
      catchUp: false,
      skipped: [],
      skippedMore: null,
      next: [],
      exact: true,
    })
  })

  it('the missed occurrence of an at trigger is caught up once', () => {
    const decision = decide(listedTrigger([NOW_MS - HOUR_MS]), {}, { pendingMs: NOW_MS - HOUR_MS })
    expect(decision).toMatchObject({ run: [NOW_MS - HOUR_MS], catchUp: true, missed: 0, skipped: [], next: [] })
  })
})

describe('limit', () => {
  it('skipped occurrences count towards the limit', () => {
    const decision = decide('1h', { misfire: 'latest' }, { pendingMs: NOW_MS - 5 * HOUR_MS, remaining: 8 })
    expect(decision).toMatchObject({ run: hoursAgo(1, 0), missed: 4, next: [NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS] })
  })

  it('the limit can end the schedule among its missed occurrences', () => {
    const decision = decide('1h', { misfire: 'latest' }, { pendingMs: NOW_MS - 5 * HOUR_MS, remaining: 3 })
    expect(decision).toMatchObject({ run: hoursAgo(3), missed: 2, next: [] })
  })

  it('a schedule whose limit is used up has no occurrence', () => {
    expect(decide('1h', {}, { remaining: 0 })).toMatchObject({ run: [], next: [], skipped: [] })
  })
})

describe('a long outage', () => {
  const monthMs = 30 * DAY_MS

  it('a long outage is decided by arithmetic for an interval, and counts exactly', () => {
    const decision = decide('100ms', { catchUpWindow: '24h', misfireGrace: '60s' }, { pendingMs: NOW_MS - monthMs })
    const missedCount = monthMs / 100 - 600 // the grace: [now - 60 s, now] is on time, 601 of 25 920 001
    expect(decision.exact).toBe(true)
    expect(decision.catchUp).toBe(true)
    expect(decision.run[0]).toBe(NOW_MS - 60_100)
    expect(decision.missed).toBe((DAY_MS - 60_000) / 100 - 1)
    expect(decision.skipped).toHaveLength(MAX_DROPPED_LISTED)
    expect(decision.skipped.at(-1)).toEqual({ atMs: NOW_MS - 60_200, reason: 'misfire' })
    expect(decision.skippedMore).toMatchObject({ fromMs: NOW_MS - monthMs, toMs: decision.skipped[0]!.atMs - 100 })
    expect(decision.skippedMore!.count + MAX_DROPPED_LISTED).toBe(missedCount - 1)
    expect(decision.skippedMore!.reason).toBe('catch-up-window')
    expect(decision.skippedMore!.counts['catch-up-window']).toBe((monthMs - DAY_MS) / 100)
  })

  it('a long outage is decided in bounded steps for a trigger without arithmetic, and the count is marked as a lower bound', () => {
    let steps = 0
    const step = 1000
    const trigger: Trigger = {
      kind: 'cron',
      text: 'every second, without arithmetic',
      next: (afterMs) => (steps++, (Math.floor(afterMs / step) + 1) * step),
      previous: (beforeMs) => (steps++, (Math.ceil(beforeMs / step) - 1) * step),
      between: (fromMs, toMs, limit) => {
        const found: number[] = []
        for (let atMs = (Math.floor(fromMs / step) + 1) * step; atMs <= toMs && found.length < limit; atMs += step) {
          found.push(atMs)
        }
        steps += found.length
        return found
      },
      matches: (atMs) => atMs % step === 0,
    }
    const decision = decide(trigger, { catchUpWindow: '20d', misfireGrace: '60s' }, { pendingMs: NOW_MS - monthMs })
    expect(steps).toBeLessThan(201_000)
    expect(decision.exact).toBe(false)
    expect(decision.run[0]).toBe(NOW_MS - 61_000)
    expect(decision.skipped.at(-1)).toEqual({ atMs: NOW_MS - 62_000, reason: 'misfire' })
    expect(decision.skippedMore).toMatchObject({ fromMs: NOW_MS - monthMs, toMs: decision.skipped[0]!.atMs - step })
    expect(decision.skippedMore!.count).toBe(200_000 - 1 - MAX_DROPPED_LISTED)
  })
})

describe('jitter', () => {
  const definition = definitionOf('1h', { misfire: 'skip', jitter: '50m', misfireGrace: '60s' })
  const delayMs = delayOf(definition, NOW_MS)
  const at = (nowMs: number) => decideMisfire({ definition, pendingMs: NOW_MS, lastMs: null, nowMs })

  it('an occurrence with jitter is due at its delayed start', () => {
    expect(delayMs).toBeGreaterThan(120_000)
    expect(at(NOW_MS + delayMs - 1)).toMatchObject({ run: [], skipped: [] })
    expect(at(NOW_MS + delayMs - 1).next[0]).toBe(NOW_MS)
    expect(at(NOW_MS + delayMs).run).toEqual([NOW_MS])
  })

  it('an occurrence with jitter is late from its delayed start on', () => {
    expect(at(NOW_MS + delayMs + 60_000).run).toEqual([NOW_MS])
    expect(at(NOW_MS + delayMs + 60_001).skipped).toEqual([{ atMs: NOW_MS, reason: 'misfire' }])
  })
})

describe('a definition that gives no misfire grace', () => {
  it.each([
    ['1s', 75, 75],
    ['100ms', 75, 750],
    ['10s', 70, 7],
  ])(
    'a definition without a misfire grace makes one run for all occurrences that every %s missed in %i s',
    (every, seconds, missed) => {
      const decision = decide(every, {}, { pendingMs: NOW_MS - seconds * 1000 })
      expect([decision.run.length, decision.missed, decision.catchUp]).toEqual([1, missed, true])
      expect(decision.run).toEqual([NOW_MS])
    },
  )

  it.each([
    ['1s', 900],
    ['10s', 9_000],
    ['1h', 59_000],
  ])('an occurrence of every %s without a misfire grace is on time after %i ms', (every, lateMs) => {
    const decision = decide(every, { misfire: 'skip' }, { pendingMs: NOW_MS, nowMs: NOW_MS + lateMs })
    expect([decision.run.length, decision.catchUp]).toEqual([1, false])
  })
})
