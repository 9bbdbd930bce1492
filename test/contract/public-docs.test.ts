import path from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { ERROR_CODES } from '../../src/errors.js'
import { DEFINITION_DEFAULTS } from '../../src/schedule/parse-definition.js'
import { DEFAULT_CHOICES } from '../../src/time/trigger-input.js'
import { ENTRIES } from '../tools/build/entries.js'
import { listPublicNames, repeatsName, type PublicName } from './public-docs-rules.js'

const ROOT = fileURLToPath(new URL('../../src', import.meta.url))
const config = ts.getParsedCommandLineOfConfigFile(path.join(ROOT, '../tsconfig.json'), undefined, {
  ...ts.sys,
  onUnRecoverableConfigFileDiagnostic: (problem) => {
    throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, '\n'))
  },
})!
const files = Object.values(ENTRIES).map((source) => path.join(ROOT, source))
const names = listPublicNames(ROOT, files, config.options)

/** Methods that neither ask Redis nor check anything. */
const SYNCHRONOUS = new Set(['Everybeat.pause', 'Everybeat.resume', 'Everybeat.health'])

const told = ({ name, at }: PublicName): string => `${name} (${at})`

it('every export and every member of a public type is documented', () => {
  expect(names.length).toBeGreaterThan(300)
  expect(names.filter(({ text }) => text.trim() === '').map(told)).toEqual([])
})

it('no documentation of a public name says only the name', () => {
  expect(names.filter((name) => name.text.trim() !== '' && repeatsName(name)).map(told)).toEqual([])
})

it('every method of the two public classes names the codes of the errors that it throws', () => {
  const methods = names.filter(
    ({ name, isCallable }) => isCallable && /^(Everybeat|Schedules|ScheduleQueries)\.\w+$/.test(name),
  )
  expect(methods.length).toBeGreaterThan(30)
  const silent = methods.filter(
    ({ name, tags }) => !SYNCHRONOUS.has(name) && !tags.some((tag) => /^throws .*ERR_EVERYBEAT_/s.test(tag)),
  )
  expect(silent.map(told)).toEqual([])
})

it('every code in the documentation of a public name is one of the catalogue', () => {
  const codes = names.flatMap(({ text, tags }) => [text, ...tags].join(' ').match(/ERR_EVERYBEAT_\w+/g) ?? [])
  expect(codes.filter((code) => !(code in ERROR_CODES))).toEqual([])
})

it('the documented defaults of a definition are those of the code', () => {
  // These three are left to the task, or are an empty list.
  const { retries: _retries, backoff, tags: _tags, ...defaults } = DEFINITION_DEFAULTS
  const expected = {
    ...Object.fromEntries(Object.entries({ ...defaults, ...DEFAULT_CHOICES }).map(inType('DefinitionInput'))),
    ...Object.fromEntries(Object.entries(backoff).map(inType('BackoffInput'))),
  }
  const documented = names.flatMap(({ name, tags }) => {
    const tag = tags.find((text) => text.startsWith('default '))
    return /^(Definition|Backoff)Input\./.test(name) && tag !== undefined ? [[name, tag.slice('default '.length)]] : []
  })
  expect(Object.fromEntries(documented)).toEqual(expected)
})

/** A default as documentation writes it: text in single quotes. */
function inType(type: string): (entry: [string, unknown]) => [string, string] {
  return ([field, value]) => [`${type}.${field}`, typeof value === 'string' ? `'${value}'` : String(value)]
}
