import { describe, expect, it } from 'vitest'
import { copyPayload } from '../../../src/schedule/payload.js'

class Account {
  readonly #id = 1
  get id(): number {
    return this.#id
  }
}

class Point {
  readonly x = 1
}

describe('a payload that JSON would silently empty', () => {
  it.each([
    [{ user: Promise.resolve(1) }, 'Promise at user'],
    [{ error: new Error('x') }, 'Error at error'],
    [{ error: Object.assign(new TypeError('x'), { code: 'E' }) }, 'Error at error'],
    [{ list: [1, { pattern: /a/ }] }, 'RegExp at list[1].pattern'],
    [{ 'odd name': new Map() }, 'Map at ["odd name"]'],
    [{ owner: new Account() }, 'class Account'],
    [new Set([1]), 'Set'],
    [{ a: [undefined] }, 'undefined at a[0]'],
    [{ a: { toJSON: () => undefined } }, 'undefined at a'],
    [{ a: { toJSON: () => new Map() } }, 'Map at a'],
    [{ a: Object(NaN) }, 'NaN at a'],
    [{ found: /b/.exec('abc') }, 'a list with properties of its own at found'],
    [{ a: { [Symbol('b')]: 1 } }, 'a member named by a symbol at a'],
  ])('a payload that JSON would silently empty is refused with the path: %j', (payload, problem) => {
    expect(() => copyPayload(payload, 'payload')).toThrow(problem)
  })

  it('a payload that JSON would silently empty is distinguished from a payload that JSON keeps', () => {
    const at = new Date(0)
    const kept = { at, url: new URL('http://a/'), point: new Point(), nothing: {}, none: [], gone: undefined }
    expect(copyPayload(kept, 'payload')).toEqual({
      at: at.toISOString(),
      url: 'http://a/',
      point: { x: 1 },
      nothing: {},
      none: [],
    })
  })
})
