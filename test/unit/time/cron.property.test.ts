import { Cron as Croner } from 'croner'
import { beforeAll, describe, expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { Trigger } from '../../../src/time/trigger.js'
import { randomCron, Random, type RandomCron } from './random-cron.js'
import { walk, type WalkRules } from './wall-walk.js'
import { ZoneClock } from './zone-clock.js'

const ZONES = [
  ...[
    'America/New_York',
    'Europe/London',
    'Europe/Dublin',
    'Australia/Lord_Howe',
    'America/Sao_Paulo',
    'America/St_Johns',
  ],
  ...[
    'Africa/Casablanca',
    'Africa/Cairo',
    'Asia/Kolkata',
    'Asia/Tehran',
    'Asia/Gaza',
    'Pacific/Chatham',
    'Pacific/Apia',
  ],
  ...['Antarctica/Troll', 'Antarctica/Casey', 'America/Nuuk', 'Asia/Pyongyang', 'UTC'],
]
const CASES = Number(process.env['CASES'] ?? 20_000)
const FIRES = 5
const HORIZON = 420 * 86_400
const FROM = Date.UTC(2005, 0, 1) / 1000
const TO = Date.UTC(2036, 0, 1) / 1000
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)

interface Case {
  readonly cron: RandomCron
  readonly clock: ZoneClock
  readonly rules: WalkRules
  /** Epoch milliseconds. */
  readonly after: number
  readonly nearChange: boolean
  readonly trigger: Trigger
}

const cases: Case[] = []

function show({ cron, clock, rules, after }: Case): string {
  return `SEED=${seed}: ${JSON.stringify(cron.text)} ${cron.dayMatch} in ${clock.zone} ${rules.gap}/${rules.overlap} after ${new Date(after).toISOString()}`
}

function iso(instants: readonly number[]): string {
  return instants.map((at) => new Date(at).toISOString()).join(' ')
}

/** The one specified difference: croner makes up nothing after a gap that crosses midnight, because it stays on the day. */
function explain(clock: ZoneClock, ours: readonly number[], theirs: readonly number[]): string {
  const last = Math.min(ours.at(-1) ?? Infinity, theirs.at(-1) ?? Infinity)
  const extra = ours.filter((at) => at <= last && !theirs.includes(at))
  const missing = theirs.filter((at) => at <= last && !ours.includes(at))
  const afterMidnightGap = extra.every((at) => {
    const second = at / 1000
    const [wallBefore, wallAfter] = [second - 1 + clock.offsetAt(second - 1), second + clock.offsetAt(second)]
    return wallAfter - wallBefore > 1 && Math.floor(wallAfter / 86_400) > Math.floor(wallBefore / 86_400)
  })
  return extra.length > 0 && missing.length === 0 && afterMidnightGap ? 'gap across midnight' : 'unexplained'
}

beforeAll(() => {
  console.log(`cron.property: SEED=${seed}, ${CASES} cases, ${ZONES.length} zones`)
  const random = new Random(seed)
  const clocks = ZONES.map((zone) => new ZoneClock(zone))
  const changes = new Map(clocks.map((clock) => [clock, clock.changes(FROM, TO)]))
  while (cases.length < CASES) {
    const clock = random.pick(clocks)
    const near = changes.get(clock)!
    const nearChange = near.length > 0 && random.chance(0.7)
    const second = nearChange
      ? random.pick(near) + (random.next() * 4 - 2) * 86_400
      : FROM + random.next() * (TO - FROM)
    const ordinary = random.chance(0.6)
    const rules: WalkRules = {
      gap: ordinary ? 'first-instant' : random.pick(['first-instant', 'shift', 'skip']),
      overlap: ordinary ? 'first' : random.pick(['first', 'last', 'both']),
    }
    const cron = randomCron(random)
    const after = random.chance(0.5) ? Math.round(second) * 1000 : Math.round(second * 1000)
    const input = {
      cron: cron.text,
      tz: clock.zone,
      dstGap: rules.gap,
      dstOverlap: rules.overlap,
      dayMatch: cron.dayMatch,
    }
    try {
      cases.push({ cron, clock, rules, after, nearChange, trigger: createTrigger(input, 'random') })
    } catch (error) {
      // The generator also writes dates that never come, such as 30 February.
      if (!(error instanceof EverybeatError) || !/no such date/.test(error.message)) throw error
    }
  }
})

describe('random expressions, zones and instants', () => {
  test('at least half of the random cases lie within two days of a clock change', () => {
    expect(cases.filter(({ nearChange }) => nearChange).length).toBeGreaterThan(CASES / 2)
  })

  test(
    'random expressions fire exactly at the instants that a walk along the wall clock finds',
    { timeout: 60_000 },
    () => {
      const wrong: string[] = []
      let compared = 0
      for (const one of cases) {
        const until = Math.floor(one.after / 1000) + HORIZON
        const expected = walk(one.cron.meaning, one.rules, one.clock, one.after / 1000, until, FIRES).map(
          (at) => at * 1000,
        )
        const found = one.trigger.between(one.after, until * 1000 - 1, FIRES)
        compared += expected.length
        if (iso(found) !== iso(expected)) wrong.push(`${show(one)}\n  walk ${iso(expected)}\n  ours ${iso(found)}`)
      }
      console.log(`walk: ${compared} fires compared, ${wrong.length} differ`)
      expect(wrong.slice(0, 5)).toEqual([])
    },
  )

  test('random expressions agree with croner, except for the listed reasons', { timeout: 60_000 }, () => {
    const reasons = new Map<string, number>()
    const unexplained: string[] = []
    let compared = 0
    for (const one of cases) {
      if (one.rules.gap !== 'first-instant' || one.rules.overlap !== 'first') continue
      compared++
      const theirs = new Croner(one.cron.cronerText, {
        ...{
          timezone: one.clock.zone,
          fixedTimeRule: 'no-wildcard',
          domAndDow: one.cron.dayMatch === 'and',
          paused: true,
        },
      })
      const expected = theirs.nextRuns(FIRES, new Date(one.after)).map((date) => date.getTime())
      const found = one.trigger.between(one.after, Infinity, FIRES)
      if (iso(found) === iso(expected)) continue
      const reason = explain(one.clock, found, expected)
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
      if (reason === 'unexplained') unexplained.push(`${show(one)}\n  croner ${iso(expected)}\n  ours   ${iso(found)}`)
    }
    console.log(`croner: ${compared} cases compared; ${JSON.stringify(Object.fromEntries(reasons))}`)
    expect(unexplained.slice(0, 12)).toEqual([])
  })

  test('random expressions give the same instants by next, previous and between', { timeout: 60_000 }, () => {
    const random = new Random(seed + 1)
    for (const one of cases) {
      const { trigger, after } = one
      const fires = trigger.between(after, Infinity, FIRES)
      fires.forEach((at, index) => {
        const before = index === 0 ? after : fires[index - 1]!
        // From any instant on the way, on a trigger that was asked something else before.
        const between = before + Math.floor(random.next() * (at - before))
        if (trigger.next(between) !== at) throw new Error(`${show(one)}: next(${iso([between])}) is not ${iso([at])}`)
        if (index > 0 && trigger.previous(at) !== before)
          throw new Error(`${show(one)}: previous(${iso([at])}) is not ${iso([before])}`)
        if (index > 0 && trigger.previous(between + 1) !== before)
          throw new Error(`${show(one)}: previous(${iso([between + 1])})`)
        if (!trigger.matches(at)) throw new Error(`${show(one)}: matches(${iso([at])}) is false`)
        if (between > before && trigger.matches(between))
          throw new Error(`${show(one)}: matches(${iso([between])}) is true`)
      })
      const last = trigger.previous(after + 1)
      if (last !== null && (last > after || (trigger.next(last) ?? Infinity) <= after))
        throw new Error(`${show(one)}: previous`)
    }
  })
})
