import * as valibot from 'valibot'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { resolveTaskOptions } from '../../../src/options/task-options.js'
import type { TaskOptions } from '../../../src/options/task-options.js'

const resolve = (options: object) => resolveTaskOptions(options as TaskOptions)
const NOTHING = { schema: null, concurrency: null, maxConcurrent: null, timeoutMs: null, retries: null, backoff: null }

describe('resolveTaskOptions', () => {
  it('resolveTaskOptions gives null for an absent or undefined option', () => {
    expect(resolveTaskOptions()).toEqual(NOTHING)
    expect(resolve({ schema: undefined, timeout: undefined, retries: undefined })).toEqual(NOTHING)
  })

  it('resolveTaskOptions keeps the given values in a frozen result', () => {
    const options = resolve({ concurrency: 5, maxConcurrent: 1, timeout: '5m', retries: 3, backoff: { type: 'fixed' } })
    expect(options).toEqual({
      schema: null,
      concurrency: 5,
      maxConcurrent: 1,
      timeoutMs: 300_000,
      retries: 3,
      backoff: { type: 'fixed', delayMs: 1000, maxMs: 60_000 },
    })
    expect(Object.isFrozen(options)).toBe(true)
  })

  it('resolveTaskOptions takes the schemas of any Standard Schema library, with their types', () => {
    const zod = z.object({ to: z.string() })
    const other = valibot.object({ to: valibot.string() })
    const callable = Object.assign(() => true, { '~standard': zod['~standard'] })
    const typed: TaskOptions<{ to: string }>[] = [{ schema: zod }, { schema: other }]
    for (const { schema } of [...typed, { schema: callable }]) expect(resolve({ schema }).schema).toBe(schema)
  })

  it.each<[string, unknown, string?, string?]>([
    ['schema', null],
    ['schema', 'string'],
    ['schema', {}],
    ['schema', { parse: () => 1 }],
    ['schema', { '~standard': { version: 2, vendor: 'x', validate: () => ({ value: 1 }) } }],
    ['schema', { '~standard': { version: 1, vendor: 'x' } }],
    ['concurrency', 0],
    ['concurrency', 1.5],
    ['concurrency', '5'],
    ['concurrency', null],
    ['maxConcurrent', 0],
    ['maxConcurrent', 10_001],
    ['timeout', 0, 'timeout', 'ERR_EVERYBEAT_DURATION'],
    ['timeout', '25d', 'timeout', 'ERR_EVERYBEAT_DURATION'],
    ['timeout', null, 'timeout', 'ERR_EVERYBEAT_DURATION'],
    ['retries', -1],
    ['retries', 1001],
    ['retries', '1'],
    ['backoff', 5],
    ['backoff', null],
    ['backoff', { type: 'linear' }, 'backoff.type'],
    ['backoff', { factor: 2 }, 'backoff.factor'],
    ['backoff', { delay: -1 }, 'backoff.delay', 'ERR_EVERYBEAT_DURATION'],
    ['backoff', { delay: 5, max: 4 }, 'backoff.max'],
    ['retry', 5],
    ['handler', () => 1],
  ])('resolveTaskOptions refuses %s: %o', (name, value, field = name, code = 'ERR_EVERYBEAT_OPTIONS') => {
    expect(() => resolve({ [name]: value })).toThrow(expect.objectContaining({ code, field }))
  })

  it.each([[null], ['x'], [5], [[]], [() => 1]])('resolveTaskOptions refuses %o as a whole', (options) => {
    expect(() => resolve(options as object)).toThrow(expect.objectContaining({ code: 'ERR_EVERYBEAT_OPTIONS' }))
  })
})
