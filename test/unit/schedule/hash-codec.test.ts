import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DefinitionFields, DefinitionInput } from '../../../src/schedule/definition.js'
import { FIELD_NAMES } from '../../../src/schedule/fields.js'
import { decodeFields, describeDefinition, encodeDefinition } from '../../../src/schedule/hash-codec.js'
import { parseDefinition } from '../../../src/schedule/parse-definition.js'

const decode = (fields: DefinitionFields) => decodeFields('report', fields)

describe('encodeDefinition', () => {
  it('encodeDefinition writes an instant that would look like a year as ISO 8601, and refuses a year', () => {
    const { given } = parseDefinition('report', { every: '1h', start: 2030, end: 20_300_101 })
    const fields = encodeDefinition(given)
    expect(fields).toMatchObject({ start: '1970-01-01T00:00:02.030Z', end: '1970-01-01T05:38:20.101Z' })
    expect(() => decode({ every: '1h', end: '2030' })).toThrow('reads as a year or a date')
  })

  it('encodeDefinition writes every kind of field as flat text', () => {
    const { given } = parseDefinition('report', {
      cron: '0 9 * * *',
      tz: 'Asia/Shanghai',
      start: new Date(0),
      end: 4_102_444_800_000,
      exclude: ['2026-12-25', 'sat,sun'],
      limit: 5,
      payload: { to: 'ops', text: 'ü' },
      enabled: false,
      misfireGrace: 1500,
      catchUpWindow: '2h',
      backoff: { type: 'fixed', delay: '5s' },
      tags: ['a', 'b,c'],
      note: 'two\nlines',
    })
    expect(encodeDefinition(given)).toEqual({
      cron: '0 9 * * *',
      tz: 'Asia/Shanghai',
      start: '1970-01-01T00:00:00.000Z',
      end: '4102444800000',
      exclude: '["2026-12-25","sat,sun"]',
      limit: '5',
      payload: '{"to":"ops","text":"ü"}',
      enabled: '0',
      misfireGrace: '1500',
      catchUpWindow: '2h',
      backoff: '{"type":"fixed","delay":"5s"}',
      tags: '["a","b,c"]',
      note: 'two\nlines',
    })
  })

  it('encodeDefinition writes only the given fields', () => {
    expect(encodeDefinition({ every: '1h', task: undefined! })).toEqual({ every: '1h' })
  })

  it('encodeDefinition writes a Date of unchecked fields as ISO text', () => {
    expect(encodeDefinition({ at: new Date(0) })).toEqual({ at: '1970-01-01T00:00:00.000Z' })
  })

  it('encodeDefinition gives equal text for equal definitions, whatever the order of their fields', () => {
    const one = parseDefinition('report', { every: 5000, misfire: 'all', tags: ['x'] })
    const other = parseDefinition('report', { tags: ['x'], misfire: 'all', every: '5000' })
    expect(Object.entries(encodeDefinition(one.given))).toEqual(Object.entries(encodeDefinition(other.given)))
  })
})

describe('decodeFields', () => {
  it.each<[string, DefinitionFields, object]>([
    ['enabled 1', { enabled: '1' }, { enabled: true }],
    ['enabled 0', { enabled: '0' }, { enabled: false }],
    ['enabled true', { enabled: 'true' }, { enabled: true }],
    ['enabled False', { enabled: 'False' }, { enabled: false }],
    ['tags as JSON', { tags: '["a","b,c"]' }, { tags: ['a', 'b,c'] }],
    ['tags with commas', { tags: ' a, b ,,c' }, { tags: ['a', 'b', 'c'] }],
    ['no tags', { tags: '' }, { tags: [] }],
    ['a duration in ms', { timeout: '1500' }, { timeoutMs: 1500 }],
    ['a duration as text', { timeout: '1h30m' }, { timeoutMs: 5_400_000 }],
    ['a number', { limit: '5', retries: '0' }, { limit: 5, retries: 0 }],
    ['a payload that is null', { payload: 'null' }, { payload: null }],
    ['a payload that is text', { payload: '"x"' }, { payload: 'x' }],
    ['an empty note', { note: '' }, { note: '' }],
  ])('decodeFields reads %s', (_what, fields, expected) => {
    expect(decode({ every: '1h', ...fields })).toMatchObject(expected)
  })

  it.each<[string, DefinitionFields, string, string]>([
    ['nothing at all', {}, 'ERR_EVERYBEAT_DEFINITION', 'cron'],
    ['enabled yes', { every: '1h', enabled: 'yes' }, 'ERR_EVERYBEAT_DEFINITION', 'enabled'],
    ['enabled empty', { every: '1h', enabled: '' }, 'ERR_EVERYBEAT_DEFINITION', 'enabled'],
    ['enabled 2', { every: '1h', enabled: '2' }, 'ERR_EVERYBEAT_DEFINITION', 'enabled'],
    ['an empty number', { every: '1h', limit: '' }, 'ERR_EVERYBEAT_DEFINITION', 'limit'],
    ['a number with a space', { every: '1h', limit: ' 5' }, 'ERR_EVERYBEAT_DEFINITION', 'limit'],
    ['a number in hex', { every: '1h', limit: '0x10' }, 'ERR_EVERYBEAT_DEFINITION', 'limit'],
    ['half a number', { every: '1h', limit: '1.5' }, 'ERR_EVERYBEAT_DEFINITION', 'limit'],
    ['an endless number', { every: '1h', limit: '9'.repeat(400) }, 'ERR_EVERYBEAT_DEFINITION', 'limit'],
    ['an empty duration', { every: '1h', timeout: '' }, 'ERR_EVERYBEAT_DURATION', 'timeout'],
    ['a payload that is no JSON', { every: '1h', payload: '{to: ops}' }, 'ERR_EVERYBEAT_PAYLOAD', 'payload'],
    ['an empty payload', { every: '1h', payload: '' }, 'ERR_EVERYBEAT_PAYLOAD', 'payload'],
    ['a huge payload', { every: '1h', payload: `"${'x'.repeat(300_000)}"` }, 'ERR_EVERYBEAT_PAYLOAD', 'payload'],
    ['a deep payload', { every: '1h', payload: '['.repeat(1e5) + ']'.repeat(1e5) }, 'ERR_EVERYBEAT_PAYLOAD', 'payload'],
    ['a backoff that is no JSON', { every: '1h', backoff: 'fixed' }, 'ERR_EVERYBEAT_DEFINITION', 'backoff'],
    [
      'a backoff that is mostly spaces',
      { every: '1h', backoff: `{${' '.repeat(300_000)}}` },
      'ERR_EVERYBEAT_DEFINITION',
      'backoff',
    ],
    ['tags that are half JSON', { every: '1h', tags: '["a"' }, 'ERR_EVERYBEAT_DEFINITION', 'tags'],
    [
      'a list of exclusions that is half JSON',
      { every: '1h', exclude: '["sat"' },
      'ERR_EVERYBEAT_DEFINITION',
      'exclude',
    ],
    ['a huge text', { every: '1h', note: 'x'.repeat(1_000_000) }, 'ERR_EVERYBEAT_DEFINITION', 'note'],
    ['bytes', { every: '1h', task: '\u0001\u0002\ufffd' }, 'ERR_EVERYBEAT_NAME', 'task'],
    ['a broken cron', { cron: 'every day' }, 'ERR_EVERYBEAT_CRON', 'cron'],
    ['an unknown field', { every: '1h', misfires: 'all' }, 'ERR_EVERYBEAT_DEFINITION', 'misfires'],
    ['constructor', { every: '1h', constructor: 'x' } as never, 'ERR_EVERYBEAT_DEFINITION', 'constructor'],
    [
      '__proto__',
      JSON.parse('{"every":"1h","__proto__":"x"}') as DefinitionFields,
      'ERR_EVERYBEAT_DEFINITION',
      '__proto__',
    ],
  ])('decodeFields refuses %s', (_what, fields, code, field) => {
    expect(() => decode(fields)).toThrow(expect.objectContaining({ code, field }))
    expect(() => decode(fields)).toThrow(/^[^]{1,1200}$/)
  })

  it('the error of decodeFields quotes the wrong text', () => {
    expect(() => decode({ every: '1h', enabled: 'yes' })).toThrow(
      'enabled: "yes" cannot be used; allowed: 1, 0, true, false',
    )
  })
})

const durations = fc.oneof(
  fc.integer({ min: 1000, max: 1e9 }),
  fc.constantFrom('90s', '5m', '1h30m', 'PT90S', '2d', '0500'),
)
const instants = fc.oneof(
  fc.integer({ min: 0, max: 4e12 }),
  fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }),
  fc.constantFrom('2026-03-01', '2026-03-01T09:00', '2026-03-01T09:00:00.5+08:00'),
)
const names = fc.oneof(
  fc.constantFrom('a', '[x]', 'a,b', '__proto__', ' padded ', '1', 'true', 'null', '{"a":1}'),
  fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
    .filter((text) => !/[\p{Cc}\p{Surrogate}\uFFFD]/u.test(text)),
)
const counts = fc.integer({ min: 1, max: 1000 })
const triggers = fc.oneof(
  fc.record({ cron: fc.constantFrom('0 9 * * 1-5', '*/5 * * * *', '@daily', 'H H * * *') }),
  fc.record({ every: durations }),
  fc.record({ at: instants }),
)
const policies = fc.record(
  {
    task: names,
    tz: fc.constantFrom('UTC', 'Asia/Shanghai', 'America/New_York'),
    exclude: fc.oneof(
      fc.constantFrom('sat,sun', '2026-12-25'),
      fc.array(fc.constantFrom('sun', '2026-12-24/2026-12-26')),
    ),
    skipNext: instants,
    start: fc.constantFrom(new Date(0), 0, '1970-01-01'),
    end: fc.constantFrom(new Date(4e12), 4e12, '2096-10-02T07:06:40Z'),
    limit: counts,
    payload: fc.jsonValue(),
    enabled: fc.boolean(),
    misfire: fc.constantFrom('skip' as const, 'latest' as const, 'all' as const),
    misfireGrace: durations,
    catchUpWindow: durations,
    maxCatchUp: counts,
    overlap: fc.constantFrom('skip' as const, 'queue' as const, 'replace' as const, 'allow' as const),
    maxConcurrent: counts,
    onCrash: fc.constantFrom('skip' as const, 'rerun' as const),
    maxDeliveries: counts,
    timeout: durations,
    retries: counts,
    backoff: fc.record(
      {
        type: fc.constantFrom('fixed' as const, 'exponential' as const),
        delay: fc.integer({ min: 0, max: 500 }),
        max: durations,
      },
      { requiredKeys: [] },
    ),
    jitter: durations,
    pauseAfter: counts,
    pool: names,
    tags: fc.array(names, { maxLength: 8 }),
    note: fc.oneof(names, fc.constantFrom('', 'two\nlines')),
    owner: names,
    removeAfter: durations,
  },
  { requiredKeys: [] },
)
const definitions: fc.Arbitrary<DefinitionInput> = fc
  .tuple(triggers, policies)
  .map(([trigger, rest]) => ({ ...trigger, ...rest }))

describe('any definition', () => {
  it('any definition is decoded from its own fields unchanged', () => {
    fc.assert(
      fc.property(definitions, (input) => {
        const definition = parseDefinition('report', input)
        const fields = encodeDefinition(definition.given)
        expect(Object.values(fields).every((text) => typeof text === 'string')).toBe(true)
        const { trigger, given, ...rest } = decode(fields)
        const { trigger: triggerBefore, given: givenBefore, ...restBefore } = definition
        expect(rest).toEqual(restBefore)
        expect(trigger.text).toBe(triggerBefore.text)
        expect(given).toEqual(givenBefore)
        expect(encodeDefinition(given)).toEqual(fields)
      }),
      { numRuns: 1500 },
    )
  })

  it('any fields are decoded, or refused with an EverybeatError', () => {
    const fields = fc.dictionary(
      fc.oneof(fc.constantFrom(...FIELD_NAMES), fc.string()),
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), fc.constantFrom('1', '1h', 'skip', '* * * * *')),
    )
    fc.assert(
      fc.property(fields, (hostile) => {
        try {
          decode({ every: '1h', ...hostile })
        } catch (error) {
          expect(error).toMatchObject({ name: 'EverybeatError', field: expect.any(String) as string })
        }
      }),
      { numRuns: 3000 },
    )
  })
})

describe('describeDefinition', () => {
  it('describeDefinition gives the given fields and the documented defaults', () => {
    expect(describeDefinition(parseDefinition('report', { every: '1h', misfire: 'all', tags: ['a'] }))).toEqual({
      task: 'report',
      every: '1h',
      tz: 'UTC',
      payload: null,
      enabled: true,
      misfire: 'all',
      catchUpWindow: '24h',
      maxCatchUp: 100,
      overlap: 'skip',
      onCrash: 'skip',
      maxDeliveries: 3,
      retries: 0,
      backoff: { type: 'exponential', delay: '1s', max: '1m' },
      jitter: 0,
      pool: 'default',
      tags: ['a'],
    })
  })

  it('describeDefinition gives a definition with the same meaning when it is written again', () => {
    fc.assert(
      fc.property(definitions, (input) => {
        const { given, trigger, retries, backoff, ...rest } = parseDefinition('report', input)
        const again = parseDefinition('report', describeDefinition(parseDefinition('report', input)))
        expect(again).toMatchObject(rest)
        expect(again.given).toMatchObject(given)
        expect(again.trigger.text).toBe(trigger.text)
        expect([again.retries, again.backoff?.type]).toEqual([retries ?? 0, backoff?.type ?? 'exponential'])
      }),
      { numRuns: 300 },
    )
  })
})
