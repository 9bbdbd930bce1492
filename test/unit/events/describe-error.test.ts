import { expect, it } from 'vitest'
import { describeError, splitDescription } from '../../../src/events/describe-error.js'

it('a description begins with name and message, and has the stack and the causes of an error', () => {
  const text = describeError(new TypeError('outer', { cause: new Error('inner', { cause: 'a text' }) }), 4_096)
  const lines = text.split('\n')
  expect(lines[0]).toBe('TypeError: outer')
  expect(lines[1]).toMatch(/^ {4}at .*describe-error\.test\.ts/)
  expect(lines).toContain('Caused by: Error: inner')
  expect(lines).toContain('Caused by: a text')
})

it('a description can be split into the message of the error and the whole text', () => {
  const text = describeError(new Error('two\nlines'), 4_096)
  expect(splitDescription(text)).toEqual({ error: 'Error: two\nlines', stack: text })
  expect(splitDescription('Error: stored by an older version')).toEqual({ error: 'Error: stored by an older version' })
})

it('a description is bounded, whatever the message and the stack', () => {
  const endless = new Error('x'.repeat(10_000))
  endless.cause = endless
  const text = describeError(endless, 4_096)
  expect(text).toHaveLength(4_096)
  expect(text.endsWith('…')).toBe(true)
  expect(describeError(Object.assign(new Error('short'), { cause: endless }), 4_096).length).toBeLessThan(2_100)
})

it.each([
  ['a value that is no error', 7, 'NonError: 7'],
  [
    'an error whose stack cannot be read',
    Object.defineProperty(new Error('odd'), 'stack', {
      get() {
        throw new Error('no stack')
      },
    }),
    'Error: odd',
  ],
])('%s can be described', (_what, thrown, text) => {
  expect(describeError(thrown, 100)).toBe(text)
})
