import { expect, test } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'
import { Random } from './random-cron.js'

const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000)
const TEXTS = Number(process.env['TEXTS'] ?? 200_000)

const PIECES = [
  ...[
    '*',
    '*',
    '*',
    '0',
    '1',
    '5',
    '12',
    '31',
    '59',
    '60',
    '-',
    ',',
    '/',
    '?',
    'L',
    'W',
    '#',
    'H',
    'H(1-5)',
    '(',
    ')',
    'mon',
    'JAN',
    'LW',
  ],
  ...[
    '*/5',
    '1-5',
    '0-59/7',
    '15W',
    '5L',
    '5#2',
    '@',
    '@daily',
    '\0',
    '\n',
    '٣',
    '😀',
    '1e9',
    '--',
    '99999999999',
    '..',
    '+',
    '.',
  ],
]
const RULES = [
  'DTSTART',
  'DTSTART:20260101T000000',
  'RRULE',
  'FREQ=DAILY',
  'FREQ=SECONDLY',
  'BYDAY=MO',
  'COUNT=5',
  'UNTIL=2026',
  'BYSETPOS=-1',
  'INTERVAL=7',
  ':',
  ';',
  '=',
  ',',
  '20260230',
  'BYMONTH=2',
  'BYMONTHDAY=29',
  'TZID=UTC',
]
const OTHERS = [
  '2026-12-25',
  '/',
  ',',
  'sat',
  'sunset',
  '-30m',
  '+',
  'P1D',
  '5m',
  '1h',
  '.',
  '2026',
  'T',
  'Z',
  '-',
  ':',
  '0',
  '99',
]

function randomText(random: Random): TriggerInput {
  const text = (pieces: readonly string[], glue: string): string =>
    Array.from({ length: random.below(9) }, () => random.pick(pieces)).join(random.chance(0.8) ? glue : '')
  const kind = random.next()
  if (kind < 0.75) {
    const fields = Array.from({ length: random.chance(0.9) ? 5 + random.below(2) : random.below(9) }, () =>
      random.chance(0.5)
        ? '*'
        : Array.from({ length: 1 + random.below(3) }, () => random.pick(PIECES)).join(
            random.pick(['', '', ',', '-', '/']),
          ),
    )
    return { cron: fields.join(' ') }
  }
  if (kind < 0.85) return { rrule: text(RULES, random.pick([' ', ';', '\n'])) }
  if (kind < 0.9) return { every: text(OTHERS, '') }
  if (kind < 0.94) return { at: text(OTHERS, ''), tz: random.pick(['UTC', 'Europe/Paris', text(OTHERS, '')]) }
  if (kind < 0.97) return { solar: text(OTHERS, ''), lat: random.next() * 200 - 100, lon: 0 }
  return { every: '1h', exclude: text(random.chance(0.5) ? OTHERS : PIECES, random.pick([' ', ','])) }
}

test(`${TEXTS} random texts neither hang nor throw anything but an EverybeatError`, { timeout: 120_000 }, () => {
  const random = new Random(seed)
  let accepted = 0
  let slowest = { ms: 0, input: '' }
  for (let count = 0; count < TEXTS; count++) {
    const input = randomText(random)
    const begin = process.cpuUsage()
    try {
      const trigger = createTrigger(input, 'fuzz')
      accepted++
      const next = trigger.next(1_767_225_600_000)
      if (next !== null && trigger.previous(next + 1) !== next) throw new Error('previous is not the inverse of next')
    } catch (error) {
      if (!(error instanceof EverybeatError))
        throw new Error(`SEED=${seed} ${JSON.stringify(input)}: ${String(error)}`, { cause: error })
      if (!/allowed/.test(error.message))
        throw new Error(`SEED=${seed} ${JSON.stringify(input)} does not say what is allowed: ${error.message}`)
    }
    // Time on the processor: a busy machine does not add to it.
    const ms = process.cpuUsage(begin).user / 1000
    if (ms > slowest.ms) slowest = { ms, input: JSON.stringify(input) }
  }
  console.log(
    `fuzz: SEED=${seed}, ${accepted} of ${TEXTS} accepted, slowest ${slowest.ms.toFixed(1)} ms ${slowest.input}`,
  )
  expect(accepted).toBeGreaterThan(TEXTS / 100)
  // Far above what any call takes, so that only a hang fails here and not a busy machine.
  expect(slowest.ms).toBeLessThan(1_000)
})
