import { describe, expect, test } from 'vitest'
import { EverybeatError, showValue } from '../../../src/errors.js'
import { createTrigger } from '../../../src/time/create-trigger.js'
import type { TriggerInput } from '../../../src/time/trigger-input.js'

/** Creates a trigger that must be refused, and gives the error. */
function refuse(input: object): EverybeatError {
  try {
    createTrigger(input as TriggerInput, 'refused')
  } catch (error) {
    expect(error).toBeInstanceOf(EverybeatError)
    return error as EverybeatError
  }
  throw new Error(`${JSON.stringify(input)} was not refused`)
}

const every512 = Array.from({ length: 300 }, (_, index) => index % 60).join(',')

const CRONS: readonly unknown[] = [
  // Not a text of five or six fields.
  ...['', ' ', '\t', '*', '* *', '* * *', '* * * *', '* * * * * * *', '0 0 0 1 1 * 2026', `${every512} * * * *`],
  ...[null, 5, true, {}, [], ['* * * * *'], NaN, new Date(0)],
  // Characters.
  ...[
    '* * * * *\0',
    '*\n* * * *',
    '* * * * *\r\n',
    '٠ ٠ * * *',
    '０ ０ * * *',
    '* * * * ＊',
    '* * * * \u200b*',
    'é * * * *',
    '* * * * *\x7f',
    '*\v* * * *',
  ],
  // Macros.
  ...[
    '@',
    '@reboot',
    '@every 5m',
    '@daily 5',
    '@minutely',
    '@weekdays',
    '@midday',
    '@ daily',
    'daily',
    '@constructor',
    '@__proto__',
    '@toString',
  ],
  // Values out of range.
  ...[
    '60 * * * *',
    '-1 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * 32 * *',
    '* * * 0 *',
    '* * * 13 *',
    '* * * * 8',
    '60 * * * * *',
    '100 * * * *',
    '1e1 * * * *',
    '0x5 * * * *',
    '+5 * * * *',
    '5.0 * * * *',
    '007 * * * *',
  ],
  // Lists.
  ...[', * * * *', '1, * * * *', ',1 * * * *', '1,,2 * * * *', '1;2 * * * *', '1,60 * * * *'],
  // Ranges.
  ...[
    '5-1 * * * *',
    '1- * * * *',
    '-5 * * * *',
    '1-2-3 * * * *',
    '1-60 * * * *',
    '1--2 * * * *',
    '* 22-2 * * *',
    '* * * nov-feb *',
    '* * * * fri-mon',
    '* * * * 6-1',
    '* * * * 7-1',
    '* * * * 5-8',
    '*-5 * * * *',
    '1-* * * * *',
  ],
  // Steps.
  ...[
    '*/0 * * * *',
    '*/61 * * * *',
    '*/ * * * *',
    '/5 * * * *',
    '5/5 * * * *',
    '*/-5 * * * *',
    '*/5/5 * * * *',
    '*/1.5 * * * *',
    '* */25 * * *',
    '* * */32 * *',
    '* * * */13 *',
    '* * * * */8',
    '1-5/0 * * * *',
    '*/x * * * *',
    'mon/2 * * * *',
    '**/5 * * * *',
    '0-59/100 * * * *',
  ],
  // Names.
  ...[
    'jan * * * *',
    '* * * foo *',
    '* * * january *',
    '* * * * monday',
    '* * * * mo',
    '* * * mon *',
    '* * * * jan',
    '* * mon * *',
    '* mon * * *',
    '* * * * mon-',
    '* * * * MON#',
  ],
  // Wildcards.
  ...['? * * * *', '* ? * * *', '* * * ? *', '* * ? * ?', '* * ?/2 * *', '* * ?,5 * *', '** * * * *', '* * * * *?'],
  // Special days.
  ...[
    'L * * * *',
    '* * * L *',
    '* * * * L',
    '* * L-3 * *',
    '* * 32W * *',
    '* * 0W * *',
    '* * W * *',
    '* * WL * *',
    '* * 1-5W * *',
    '* * 15W/2 * *',
    '* * LW-1 * *',
    '* * L/2 * *',
    '* * 5L * *',
    '* * * * 8L',
    '* * * * 5LL',
    '* * * * LW',
    '* * * * 5W',
    '* * * * 5#0',
    '* * * * 5#6',
    '* * * * 8#1',
    '* * * * #2',
    '* * * * 5#',
    '* * * * 5#1#2',
    '* * * * 5#L',
    '* * * * 1-5#2',
    '* * * * 5#2/2',
    '* * 5#2 * *',
    '* * * * *#1',
    '* * * * *L',
  ],
  // Hashes.
  ...[
    'H( * * * *',
    'H() * * * *',
    'H(1) * * * *',
    'H(5-1) * * * *',
    'H(0-60) * * * *',
    'H/0 * * * *',
    'H/61 * * * *',
    'H-5 * * * *',
    'HH * * * *',
    'H(1-5)/ * * * *',
    'H(a-b) * * * *',
    '* * H(0-5) * *',
    '* * * * H#2',
  ],
  // Dates that never come.
  ...[
    '0 0 30 2 *',
    '0 0 31 2 *',
    '0 0 31 4 *',
    '0 0 31 2,4,6,9,11 *',
    '0 0 30W 2 *',
    '0 0 0 30-31 2 *',
    '0 0 30 feb ?',
  ],
]

describe(`a cron that cannot be honoured is refused (${CRONS.length})`, () => {
  test.each(CRONS.map((cron) => [cron]))(`a cron that cannot be honoured is refused (${CRONS.length}): %j`, (cron) => {
    const error = refuse({ cron })
    expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_CRON', field: 'cron', value: cron })
    expect(error.message).toContain(showValue(cron))
    expect(error.message).toMatch(/allowed/)
  })

  test('a cron whose dates never occur is refused when dayMatch requires both day fields', () => {
    expect(refuse({ cron: '0 0 31 2 1', dayMatch: 'and' }).message).toMatch(/no such date/)
    expect(refuse({ cron: '0 0 8-31 * 1#1', dayMatch: 'and' }).message).toMatch(/no such date/)
  })

  test('the error about a cron names the part, its value and what is allowed', () => {
    expect(refuse({ cron: '0 25,3 * * *' }).message).toBe(
      'cron: "0 25,3 * * *" cannot be used; hour "25" (in "25,3"); allowed: 0-23, *, lists, ranges a-b, steps */n or a-b/n, H',
    )
  })

  test('the error about a cron in exclude names the field exclude', () => {
    expect(refuse({ every: '1h', exclude: '61 * * * *' })).toMatchObject({
      code: 'ERR_EVERYBEAT_CRON',
      field: 'exclude',
    })
  })
})
