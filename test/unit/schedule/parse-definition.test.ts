import { describe, expect, it } from 'vitest'
import { EverybeatError } from '../../../src/errors.js'
import type { DefinitionInput } from '../../../src/schedule/definition.js'
import { DEFINITION_DEFAULTS, parseDefinition } from '../../../src/schedule/parse-definition.js'
import { REFUSED_DEFINITIONS } from './refused-definitions.js'

const parse = (input: unknown, defaults?: Partial<DefinitionInput>) => parseDefinition('daily-report', input, defaults)

function refusalOf(call: () => unknown): EverybeatError {
  try {
    call()
  } catch (error) {
    if (error instanceof EverybeatError) return error
    throw error
  }
  throw new Error('It was not refused')
}

describe('defaults', () => {
  it('the defaults of a definition are those of the documented table', () => {
    const { trigger, ...rest } = parse({ cron: '0 9 * * 1-5' })
    expect(trigger.kind).toBe('cron')
    expect(rest).toEqual({
      name: 'daily-report',
      task: 'daily-report',
      limit: null,
      payload: null,
      enabled: true,
      misfire: 'latest',
      misfireGraceMs: null,
      catchUpWindowMs: 86_400_000,
      maxCatchUp: 100,
      overlap: 'skip',
      maxConcurrent: null,
      onCrash: 'skip',
      maxDeliveries: 3,
      timeoutMs: null,
      retries: null,
      backoff: null,
      jitterMs: 0,
      pauseAfter: null,
      pool: 'default',
      tags: [],
      note: null,
      owner: null,
      removeAfterMs: null,
      given: { cron: '0 9 * * 1-5' },
    })
    expect(DEFINITION_DEFAULTS).toMatchObject({ tz: 'UTC', retries: 0, backoff: { type: 'exponential', delay: '1s', max: '1m' } }) // prettier-ignore
  })

  it('an undefined field of a definition gets its default', () => {
    const definition = parse({ every: '1h', misfire: undefined, task: undefined, cron: undefined, payload: undefined })
    expect(definition).toMatchObject({ misfire: 'latest', task: 'daily-report', payload: null, given: { every: '1h' } })
    expect(Object.keys(definition.given)).toEqual(['every'])
  })

  it('defaults of the caller apply to missing fields, and count as given', () => {
    const definition = parse({ every: '1h', overlap: 'queue' }, { overlap: 'allow', misfire: 'all', pool: undefined! })
    expect(definition).toMatchObject({ overlap: 'queue', misfire: 'all', pool: 'default' })
    expect(definition.given).toEqual({ every: '1h', misfire: 'all', overlap: 'queue' })
  })

  it('a default of the caller applies to an undefined field', () => {
    expect(parse({ every: '1h', misfire: undefined }, { misfire: 'all' }).misfire).toBe('all')
  })

  it('defaults of the caller are checked like the input', () => {
    expect(refusalOf(() => parse({ every: '1h' }, { overlap: 'never' } as never))).toMatchObject({ field: 'overlap' })
  })
})

describe('a full definition', () => {
  const input = {
    task: 'send-report',
    every: '1h30m',
    anchor: 0,
    start: new Date(Date.UTC(2026, 0, 1)),
    end: '2027-01-01T00:00:00Z',
    tz: 'Asia/Shanghai',
    limit: 5,
    payload: { to: ['ops'], at: new Date(0), nothing: undefined },
    enabled: false,
    misfire: 'all',
    misfireGrace: 1500,
    catchUpWindow: 'PT2H',
    maxCatchUp: 7,
    overlap: 'allow',
    maxConcurrent: 3,
    onCrash: 'rerun',
    maxDeliveries: 4,
    timeout: '5m',
    retries: 2,
    backoff: { type: 'fixed', delay: '5s', max: undefined },
    jitter: '30s',
    pauseAfter: 10,
    pool: 'reports',
    tags: ['billing', 'nightly', 'billing'],
    note: 'first line\n\tsecond line: ünïcödé 🙂',
    owner: 'shop',
    removeAfter: '7d',
  }

  it('a full definition is read with all its fields', () => {
    expect(parse(input)).toMatchObject({
      task: 'send-report',
      limit: 5,
      payload: { to: ['ops'], at: '1970-01-01T00:00:00.000Z' },
      enabled: false,
      misfire: 'all',
      misfireGraceMs: 1500,
      catchUpWindowMs: 7_200_000,
      maxCatchUp: 7,
      overlap: 'allow',
      maxConcurrent: 3,
      onCrash: 'rerun',
      maxDeliveries: 4,
      timeoutMs: 300_000,
      retries: 2,
      backoff: { type: 'fixed', delayMs: 5000, maxMs: 60_000 },
      jitterMs: 30_000,
      pauseAfter: 10,
      pool: 'reports',
      tags: ['billing', 'nightly'],
      note: input.note,
      owner: 'shop',
      removeAfterMs: 604_800_000,
    })
  })

  it('a full definition keeps the given values, and dates as immutable text', () => {
    const { given } = parse(input)
    expect(given).toEqual({
      ...input,
      start: '2026-01-01T00:00:00.000Z',
      payload: { to: ['ops'], at: '1970-01-01T00:00:00.000Z' },
      backoff: { type: 'fixed', delay: '5s' },
    })
  })

  it('a full definition is frozen in depth, and does not share anything with its input', () => {
    const mutable = structuredClone(input)
    const definition = parse(mutable)
    mutable.payload.to.push('dev')
    mutable.tags.push('late')
    mutable.start.setTime(0)
    mutable.backoff.delay = '9s'
    expect(definition.given).toEqual(parse(input).given)
    const open: string[] = []
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null || path === '.trigger') return
      if (!Object.isFrozen(value)) open.push(path)
      for (const [key, member] of Object.entries(value)) visit(member, `${path}.${key}`)
    }
    visit(definition, '')
    expect(open).toEqual([])
  })

  it('a full definition keeps __proto__ in a payload as data', () => {
    const { payload } = parse({ every: '1h', payload: JSON.parse('{"__proto__":{"admin":true}}') })
    expect(Object.keys(payload as object)).toEqual(['__proto__'])
    expect((payload as { admin?: boolean }).admin).toBeUndefined()
    expect(({} as { admin?: boolean }).admin).toBeUndefined()
  })

  it('a definition with values just inside the bounds is accepted', () => {
    const nested = JSON.parse('['.repeat(256) + ']'.repeat(256)) as unknown
    for (const field of [
      { task: '€'.repeat(170) },
      { note: '' },
      { note: 'x'.repeat(4096) },
      { payload: 'x'.repeat(262_142) },
      { payload: nested },
      { timeout: 2_147_483_647 },
      { retries: 1000 },
      { maxCatchUp: 10_000 },
      { tags: Array.from({ length: 64 }, (_, index) => `t${index}`) },
      { limit: Number.MAX_SAFE_INTEGER },
      { misfireGrace: 0, catchUpWindow: 0, jitter: 0, removeAfter: 0 },
      { backoff: {} },
      { backoff: { delay: 0, max: 0 } },
    ]) {
      expect(parse({ every: '1h', ...field }).given).toEqual({ every: '1h', ...field })
    }
  })

  it('a backoff with a delay above the default max has that delay as its max', () => {
    expect(parse({ every: '1h', backoff: { delay: '5m' } }).backoff).toMatchObject({ delayMs: 300_000, maxMs: 300_000 })
  })

  it('a backoff with a max below the default delay has that max as its delay', () => {
    expect(parse({ every: '1h', backoff: { max: 500 } }).backoff).toMatchObject({ delayMs: 500, maxMs: 500 })
  })

  it('an object without a prototype is accepted as a definition', () => {
    expect(parse(Object.assign(Object.create(null), { every: '1h' })).given).toEqual({ every: '1h' })
  })
})

describe('refused definitions', () => {
  it.each(REFUSED_DEFINITIONS)('a definition is refused: %s', (_what, input, code, field) => {
    const error = refusalOf(() => parse(input))
    expect({ code: error.code, field: error.field }).toEqual({ code, field })
    expect(error.message.length).toBeLessThan(1200)
    expect(error.message).toContain(field === '' ? '""' : field)
  })

  it('the list of refused definitions is long', () => {
    expect(REFUSED_DEFINITIONS.length).toBeGreaterThanOrEqual(80)
  })

  it.each([
    ['missfire', 'misfire'],
    ['Timeout', 'timeout'],
    ['timezone', 'tz'],
    ['interval', 'every'],
    ['max_catch_up', 'maxCatchUp'],
    ['oncrash', 'onCrash'],
    ['paylod', 'payload'],
  ])('the error about the unknown field %s suggests the field %s', (field, suggestion) => {
    expect(refusalOf(() => parse({ every: '1h', [field]: 'x' })).message).toContain(`did you mean ${suggestion}?`)
  })

  it('the error about an unknown field suggests nothing when no name is similar, and lists the allowed fields', () => {
    const { message } = refusalOf(() => parse({ every: '1h', colour: 'red' }))
    expect(message).toContain('"colour" ("red") is not a field')
    expect(message).toContain('allowed: task, cron, every')
  })

  it('the error about a refused definition shows the value and what is allowed', () => {
    expect(refusalOf(() => parse({ every: '1h', retries: 'many' })).message).toBe(
      'retries: "many" cannot be used; allowed: a whole number from 0 to 1000',
    )
  })
})

describe('names', () => {
  it.each([[''], ['a\0b'], ['a\nb'], ['\u0085'], ['x'.repeat(513)], ['\ud800'], [undefined], [5], [{}]])(
    'the name %j is refused',
    (name) => {
      const error = refusalOf(() => parseDefinition(name as string, { every: '1h' }))
      expect(error).toMatchObject({ code: 'ERR_EVERYBEAT_NAME', field: 'name' })
    },
  )

  it.each([['a'], ['__proto__'], ['constructor'], ['a b/c:{d}*?[x]'], ['отчёт'], ['🙂'], ['x'.repeat(512)]])(
    'the name %j is accepted, and so is a task of that name',
    (name) => {
      expect(parseDefinition(name, { every: '1h' })).toMatchObject({ name, task: name })
    },
  )
})
