import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { describe, expect, it } from 'vitest'
import { Everybeat, type DefinitionInput } from '../../../src/index.js'
import { readDefinitions, writeDefinitions } from '../../../src/definition-files/index.js'
import { uniquePrefix, useRedis } from '../../support/redis.js'
import { runCli, temporaryFiles } from '../cli-runner.js'

const redis = useRedis()

function createCli(prefix = uniquePrefix('files')) {
  const run = (...parameters: string[]) =>
    runCli([...parameters, '--prefix', prefix], { env: { REDIS_URL: redis.url } })
  const withBeat = async <Result>(work: (beat: Everybeat) => Promise<Result>): Promise<Result> => {
    await using beat = new Everybeat({ redis: redis.url, prefix, logger: false })
    return await work(beat)
  }
  return { run, withBeat }
}

function file(text: string, name = 'schedules.yaml'): string {
  return join(temporaryFiles({ [name]: text }), name)
}

const FILE = `
schedules:
  nightly: # the backup
    cron: '30 2 * * *'
    tz: Europe/Berlin
  often:
    every: 5m
`

/** One definition that uses every kind of value that a definition can hold. */
const FULL: DefinitionInput = {
  task: 'it: "is" #1',
  cron: '*/5 0 L * MON#1',
  tz: 'America/New_York',
  exclude: ['2026-12-25', 'sat,sun'],
  start: '2026-01-01',
  end: 1_900_000_000_000,
  payload: { '': null, yes: 'no', deep: [{ a: 'a: b' }, '\u2028 – "\n', 1e21, -0.5, true], __proto__: 1 },
  enabled: false,
  misfireGrace: '1h30m',
  catchUpWindow: 5,
  backoff: { type: 'fixed', delay: '1s', max: 5_000 },
  tags: ['null', '1', 'x y'],
  note: 'one\ntwo: three\n',
}

describe('export and apply', () => {
  it('export and apply leave every definition unchanged that the engine can hold', async () => {
    const { run, withBeat } = createCli()
    const owner = 'files'
    const definitions = {
      full: FULL,
      '1': { every: '5m' },
      null: { at: '2036-01-01T00:00:00Z' },
      'a: b # c': { rrule: 'DTSTART:20260101T090000Z RRULE:FREQ=DAILY' },
    }
    await withBeat((beat) =>
      beat.schedules.putMany(Object.entries(definitions).map(([name, one]) => ({ name, ...one, owner }))),
    )
    for (const format of ['yaml', 'json']) {
      const { stdout } = await run('export', '--format', format)
      const path = file(stdout, `all.${format}`)
      const applied = await run('apply', '-f', path, '--owner', owner, '--json')
      expect(JSON.parse(applied.stdout)).toMatchObject({ created: [], updated: [], orphaned: [], conflicts: [] })
      expect((await run('diff', '-f', path, '--owner', owner)).exitCode).toBe(0)
      expect((await run('import', path)).stdout).toBe('0 created, 0 updated, 4 unchanged\n')
      expect((await run('export', '--format', format)).stdout).toBe(stdout)
    }
  })

  it('export and apply keep any names and payloads', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.jsonValue(), { noNullPrototype: true }),
        fc.constantFrom('yaml', 'json'),
        (payloads, format) => {
          const schedules = Object.entries(payloads).map(([key, payload]) => ({
            name: key,
            given: { every: '1m', payload } as DefinitionInput,
          }))
          const read = readDefinitions(writeDefinitions(schedules, format), 'x')
          const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
          expect(asJson(read.map((one) => [one.name, one.definition]).sort())).toEqual(
            asJson(schedules.map((one) => [one.name, one.given]).sort()),
          )
        },
      ),
    )
  })

  it('apply writes, updates and prunes only schedules of the owner', async () => {
    const { run, withBeat } = createCli()
    await withBeat((beat) => beat.schedules.put('other', { every: '1h' }))
    expect((await run('apply', '-f', file(FILE), '--owner', 'ops')).stdout).toContain(
      'ops: 2 created, 0 updated, 0 unchanged',
    )
    const smaller = file('schedules: { nightly: { cron: 0 3 * * * } }')
    expect((await run('apply', '-f', smaller, '--owner', 'ops', '--dry-run')).stdout).toContain(
      'not in the files often',
    )
    expect((await run('apply', '-f', smaller, '--owner', 'ops', '--prune', 'remove')).stdout).toContain('removed often')
    expect(await withBeat((beat) => beat.schedules.count())).toBe(2)
    const foreign = await run('apply', '-f', file('schedules: { other: { every: 1m } }'), '--owner', 'ops')
    expect(foreign).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining('belongs to another owner other') as string,
    })
  })
})

describe('diff', () => {
  it('diff exits with 3 and shows each field that differs', async () => {
    const { run } = createCli()
    expect(await run('diff', '-f', file(FILE))).toMatchObject({
      exitCode: 3,
      stdout: expect.stringContaining('+ nightly') as string,
    })
    await run('apply', '-f', file(FILE), '--owner', 'ops')
    expect(await run('diff', '-f', file(FILE))).toMatchObject({ exitCode: 0, stdout: 'Nothing differs.\n' })
    const changed = await run('diff', '-f', file(FILE.replace('5m', '6m')), '--json')
    expect(JSON.parse(changed.stdout)).toEqual({
      differences: [{ name: 'often', change: 'changed', fields: { every: ['5m', '6m'] } }],
    })
    expect(changed.exitCode).toBe(3)
  })
})

describe('validate', () => {
  it('validate names file, line and problem of every definition that is wrong, without Redis', async () => {
    const path = file(
      'schedules:\n  good: { every: 5m }\n  bad: { cron: 0 25 * * * }\n  worse: { every: 5m, cron: 0 0 * * * }\n',
    )
    const { exitCode, stdout } = await runCli(['validate', path, '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      valid: 1,
      problems: [
        { name: 'bad', source: `${path}:3`, message: expect.stringContaining('hour "25"') as string },
        { name: 'worse', source: `${path}:4` },
      ],
    })
    expect((await runCli(['validate', file(FILE)])).exitCode).toBe(0)
  })

  it.each([
    ['schedule: {}', /"schedule" is not allowed/],
    ['schedules: [1]', /no mapping of names/],
    ['schedules: { a: 5m }', /"a" is no definition/],
    ['schedules:\n  a: { every: 5m }\n  a: { every: 6m }', /:3:\d+: Map keys must be unique/],
    ['a: [', /schedules\.yaml:1:\d+: /],
    ['- 1', /item 1 of .* is no definition with a name/],
  ])('validate refuses the file %j', async (text, message) => {
    const { exitCode, stderr } = await runCli(['validate', file(text)])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringMatching(message) as string })
  })
})

describe('schema', () => {
  it('schema describes every field of a definition', async () => {
    const schema = JSON.parse((await runCli(['schema'])).stdout) as { $defs: { definition: { properties: object } } }
    const fields = Object.keys(schema.$defs.definition.properties)
    expect(fields).toEqual(expect.arrayContaining(['cron', 'payload', 'removeAfter', 'dayMatch']))
    expect(parse(readFileSync(file(FILE), 'utf8'))).toHaveProperty('schedules')
  })
})
