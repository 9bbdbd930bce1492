import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Definition, DefinitionInput } from '../../../src/schedule/definition.js'
import { decideMisfire, MAX_DROPPED_LISTED, MAX_ON_TIME } from '../../../src/schedule/decide-misfire.js'
import { parseDefinition } from '../../../src/schedule/parse-definition.js'
import { delayOf } from '../../../src/schedule/plan-text.js'
import type { Trigger } from '../../../src/time/trigger.js'
import { listedTrigger } from './listed-trigger.js'

const NOW_MS = Date.UTC(2026, 5, 1, 12)

function definitionOf(trigger: Trigger | string, policy: DefinitionInput = {}): Definition {
  if (typeof trigger === 'string') return parseDefinition('report', { every: trigger, ...policy })
  return { ...parseDefinition('report', { every: '1d', ...policy }), trigger }
}

describe('the decision about misfires', () => {
  const gapsMs = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 400 })
  const policies = fc.record({
    misfire: fc.constantFrom('skip' as const, 'latest' as const, 'all' as const),
    misfireGrace: fc.integer({ min: 0, max: 3000 }),
    catchUpWindow: fc.integer({ min: 0, max: 12_000 }),
    maxCatchUp: fc.integer({ min: 1, max: 150 }),
    jitter: fc.constantFrom(0, 5, 100),
  })
  const situations = fc.record({
    nowIn: fc.integer({ min: -100, max: 12_000 }),
    lastIn: fc.option(fc.integer({ min: -10, max: 8000 }), { nil: null }),
    remaining: fc.option(fc.integer({ min: 0, max: 450 }), { nil: null }),
  })

  it('the decision about misfires puts every due occurrence in exactly one place', () => {
    fc.assert(
      fc.property(gapsMs, policies, situations, (gaps, policy, { nowIn, lastIn, remaining }) => {
        const startMs = 1_000_000
        const instants = gaps.map(
          (
            (atMs) => (gap: number) =>
              (atMs += gap)
          )(startMs),
        )
        const definition = definitionOf(listedTrigger(instants), policy)
        const pendingMs = instants[0]!
        const nowMs = startMs + nowIn
        const lastMs = lastIn === null ? null : startMs + lastIn
        const decision = decideMisfire({ definition, pendingMs, nowMs, lastMs, remaining })

        const dueAt = (atMs: number) => atMs + delayOf(definition, atMs)
        const left = instants.filter((atMs) => lastMs === null || atMs > lastMs).slice(0, remaining ?? undefined)
        const due = left.filter((atMs) => dueAt(atMs) <= nowMs)
        const missed = due.filter((atMs) => nowMs - dueAt(atMs) > definition.misfireGraceMs!)
        const onTime = due.filter((atMs) => !missed.includes(atMs))
        const fresh = missed.filter((atMs) => nowMs - atMs <= definition.catchUpWindowMs)
        const keep = { skip: 0, latest: 1, all: definition.maxCatchUp }[policy.misfire]
        const kept = keep === 0 ? [] : fresh.slice(-keep)
        const gone = missed.filter((atMs) => !kept.includes(atMs))
        const reasonOf = (atMs: number) =>
          !fresh.includes(atMs) ? 'catch-up-window' : policy.misfire === 'all' ? 'catch-up-cap' : 'misfire'

        expect(decision.exact).toBe(true)
        expect(decision.run).toEqual([...kept, ...onTime.slice(0, MAX_ON_TIME)])
        expect(decision.catchUp).toBe(kept.length > 0)
        expect(decision.missed).toBe(policy.misfire === 'latest' && kept.length > 0 ? fresh.length - 1 : 0)
        expect(decision.skipped).toEqual(
          gone.slice(-MAX_DROPPED_LISTED).map((atMs) => ({ atMs, reason: reasonOf(atMs) })),
        )
        const rest = gone.slice(0, -MAX_DROPPED_LISTED)
        if (rest.length === 0) expect(decision.skippedMore).toBeNull()
        else {
          expect(decision.skippedMore).toMatchObject({ count: rest.length, fromMs: rest[0], toMs: rest.at(-1) })
          const { counts, reason } = decision.skippedMore!
          expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(rest.length)
          for (const [name, count] of Object.entries(counts)) {
            expect(count).toBe(rest.filter((atMs) => reasonOf(atMs) === name).length)
            expect(counts[reason]).toBeGreaterThanOrEqual(count)
          }
        }
        const coming = left.slice(decision.run.length + gone.length)
        expect(decision.next).toEqual(coming.slice(0, decision.next.length))
        expect(decision.next.length).toBeGreaterThanOrEqual(Math.min(3, coming.length))
      }),
      { numRuns: 1500 },
    )
  })

  it('the decision about misfires is the same by arithmetic as by stepping', () => {
    const question = fc.record({
      periodMs: fc.integer({ min: 100, max: 5000 }),
      downMs: fc.integer({ min: 0, max: 200_000 }),
      nowMs: fc.integer({ min: NOW_MS, max: NOW_MS + 5000 }),
      remaining: fc.option(fc.integer({ min: 0, max: 300 }), { nil: null }),
    })
    fc.assert(
      fc.property(policies, question, (policy, { periodMs, downMs, nowMs, remaining }) => {
        const definition = definitionOf(String(periodMs), policy)
        const { arithmetic, ...stepped } = definition.trigger
        expect(arithmetic).toEqual({ periodMs, phaseMs: 0 })
        const asked = { pendingMs: nowMs - downMs, nowMs, lastMs: null, remaining }
        expect(decideMisfire({ ...asked, definition })).toEqual(
          decideMisfire({ ...asked, definition: { ...definition, trigger: stepped } }),
        )
      }),
      { numRuns: 1000 },
    )
  })
})
