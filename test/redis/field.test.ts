import { beforeAll, describe, expect, it } from 'vitest'
import { FIELD_ENTRIES } from '../field/entries.js'
import { formatLine, tryEntries, tryEntry, type FieldEntry } from '../field/entry.js'
import { ensureBuild } from '../support/build.js'

beforeAll(() => ensureBuild(() => {}))

describe('the ten worst things that real use has broken', () => {
  it('the list of the ten worst things has ten different entries', () => {
    expect(new Set(FIELD_ENTRIES.map(({ key }) => key)).size).toBe(10)
    expect(FIELD_ENTRIES).toHaveLength(10)
  })

  it.each(FIELD_ENTRIES.map((entry) => [entry.key, entry] as const))(
    'Everybeat gets the entry %s right',
    async (_, entry) => {
      const outcome = await tryEntry(entry)
      expect(outcome.isRight, formatLine(entry, outcome)).toBe(true)
    },
  )

  it('an entry with a wrong outcome or an error is reported as FAIL with the right outcome, and counted', async () => {
    const entry = { key: 'x', put: 'this', right: 'that' }
    const wrong: FieldEntry = { ...entry, attempt: () => Promise.resolve({ isRight: false, came: 'other' }) }
    const broken: FieldEntry = { ...entry, attempt: () => Promise.reject(new Error('boom')) }
    const right: FieldEntry = { ...entry, attempt: () => Promise.resolve({ isRight: true, came: 'that' }) }
    const lines: string[] = []
    expect(await tryEntries([wrong, right, broken], 2, (line) => lines.push(line))).toBe(2)
    expect(lines).toEqual(['FAIL  this → other (right: that)', 'ok    this → that', 'FAIL  this → boom (right: that)'])
  })
})
