import { describe, expect, it } from 'vitest'
import {
  decideDeclaration,
  differingFields,
  formatDeclaration,
  readDeclaration,
} from '../../../src/schedule/declaration.js'
import { encodeDefinition } from '../../../src/schedule/hash-codec.js'
import { parseDefinition } from '../../../src/schedule/parse-definition.js'
import type { StoredSchedule } from '../../../src/schedule/stored-schedule.js'
import { compareVersions } from '../../../src/schedule/version-order.js'

const parse = (input: object) => parseDefinition('it', input)
const stored = (live: object, declared: object | null, version = ''): StoredSchedule => ({
  name: 'it',
  digest: 'd',
  fields: encodeDefinition(parse(live).given),
  state: { digest: 'd' },
  declared: declared === null ? '-' : formatDeclaration(parse(declared), version),
})

describe('a stored declaration', () => {
  it('a stored declaration is read as it was written, with a version and without', () => {
    const input = { cron: '0 9 * * *', payload: { text: 'a "b"\n' }, tags: ['x'] }
    for (const version of ['', '1.2.0']) {
      expect(readDeclaration(stored({ every: '1h' }, input, version))).toEqual({
        version,
        fields: encodeDefinition(parse(input).given),
        isDone: false,
      })
    }
    expect(readDeclaration(stored({ every: '1h' }, null))).toBeNull()
  })

  it('a stored declaration names the fields in which the definition differs, whatever the spelling of their values', () => {
    const schedule = { ...stored({ every: '1h' }, { every: '1h', enabled: true, retries: 1 }) }
    const edited = { ...schedule, fields: { every: '1h', enabled: 'true', note: 'x' } }
    expect(differingFields(readDeclaration(edited)!, edited)).toEqual(['note', 'retries'])
  })
})

describe('the decision about a declaration', () => {
  it.each([
    [
      'a repeated declaration, whatever was edited',
      { every: '2h', note: 'x' },
      { every: '1h' },
      { every: '1h' },
      'unchanged',
    ],
    ['a declaration that equals the edited definition', { every: '2h' }, { every: '1h' }, { every: '2h' }, 'noted'],
    ['the first declaration, which equals the definition', { every: '1h' }, null, { every: '1h' }, 'noted'],
  ])('the decision about a declaration has the expected kind for %s', (_what, live, declared, wanted, kind) => {
    expect(decideDeclaration(stored(live, declared), parse(wanted), '').kind).toBe(kind)
  })

  it('a declaration is merged field by field, and the decision names the overwritten fields', () => {
    const schedule = stored({ every: '1h', note: 'live', retries: 5 }, { every: '1h', note: 'code', tags: ['old'] })
    const decision = decideDeclaration(schedule, parse({ every: '1h', note: 'new', jitter: '1s' }), '')
    expect(decision).toMatchObject({ kind: 'written', conflicts: ['note'] })
    expect(decision.kind === 'written' && decision.definition.given).toEqual({
      every: '1h',
      note: 'new',
      retries: 5,
      jitter: '1s',
    })
  })
})

describe('the order of versions', () => {
  it.each([
    ['1.9.0', '1.10.0', -1],
    ['2', '1.99', 1],
    ['1.0.0', '1.0', 0],
    ['1.0.0-rc.1', '1.0.0', -1],
    ['1.0.0-rc.2', '1.0.0-rc.10', -1],
    ['1.0.0-alpha', '1.0.0-alpha.1', -1],
    ['1.0.0-1', '1.0.0-alpha', -1],
    ['v1.2.3+build.5', '1.2.3', 0],
    ['a1b2c3', '1.0.0', 0],
    ['', '1.0.0', 0],
  ])('the order of versions of %s and %s is %i', (left, right, sign) => {
    expect(Math.sign(compareVersions(left, right))).toBe(sign)
    expect(Math.sign(compareVersions(right, left))).toBe(-sign + 0)
  })
})
