import { describe, expect, it } from 'vitest'
import { Command } from '../../../src/cli/command.js'
import { DEFINITION_FIELDS } from '../../../src/definition-files/index.js'
import {
  addFieldOptions,
  readAssignment,
  readFieldName,
  readFieldOptions,
} from '../../../src/cli/definition-options.js'

function parse(...parameters: string[]) {
  const command = new Command('put').exitOverride().configureOutput({ outputError: () => undefined })
  addFieldOptions(command)
  command.parse(parameters, { from: 'user' })
  return readFieldOptions(command.opts())
}

describe('readFieldOptions', () => {
  it('readFieldOptions returns only the fields whose options were given', () => {
    expect(parse()).toEqual({})
    expect(parse('--cron', '0 9 * * *')).toEqual({ cron: '0 9 * * *' })
  })

  it('readFieldOptions reads every kind of field', () => {
    expect(
      parse(
        ...[
          '--every',
          '90s',
          '--start',
          '1767225600000',
          '--misfire-grace',
          '5000',
          '--limit',
          '3',
          '--payload',
          '{"to":"ops"}',
        ],
        ...['--enabled', 'false', '--spread', '--tag', 'a', '--tag', 'b', '--on-crash', 'rerun', '--lat=-33.9'],
        ...['--backoff', '{"type":"fixed","delay":"1s"}', '--exclude', '2026-12-25', '--exclude', 'sat,sun'],
      ),
    ).toEqual({
      every: '90s',
      start: 1767225600000,
      misfireGrace: 5000,
      limit: 3,
      payload: { to: 'ops' },
      enabled: false,
      spread: true,
      tags: ['a', 'b'],
      onCrash: 'rerun',
      lat: -33.9,
      backoff: { type: 'fixed', delay: '1s' },
      exclude: ['2026-12-25', 'sat,sun'],
    })
  })

  it.each([
    [['--payload', 'hello'], /payload is not JSON/],
    [['--limit', 'three'], /limit is a number, not "three"/],
    [['--enabled', 'maybe'], /enabled is true or false/],
    [['--misfire', 'sometimes'], /Allowed choices are skip, latest, all/],
  ])('readFieldOptions refuses %j', (parameters, message) => {
    expect(() => parse(...parameters)).toThrow(message)
  })
})

describe('readAssignment', () => {
  it.each([
    ['cron=*/5 * * * *', ['cron', '*/5 * * * *']],
    ['note=a=b', ['note', 'a=b']],
    ['tags=a,b', ['tags', ['a', 'b']]],
    ['payload=[1]', ['payload', [1]]],
    ['retries=2', ['retries', 2]],
    ['enabled=0', ['enabled', false]],
  ])('readAssignment reads %s', (text, expected) => {
    expect(readAssignment(text)).toEqual(expected)
  })

  it('readAssignment refuses an unknown field and names the known fields', () => {
    expect(() => readAssignment('crn=x')).toThrow(/no field "crn".*cron, every/)
    expect(() => readAssignment('cron')).toThrow(/field=value/)
    expect(() => readFieldName('toString')).toThrow(/no field/)
  })
})

describe('DEFINITION_FIELDS', () => {
  it('DEFINITION_FIELDS gives every field an option of its own', () => {
    const command = new Command('put')
    addFieldOptions(command)
    expect(command.options).toHaveLength(Object.keys(DEFINITION_FIELDS).length)
    expect(new Set(command.options.map((option) => option.attributeName())).size).toBe(command.options.length)
  })
})
