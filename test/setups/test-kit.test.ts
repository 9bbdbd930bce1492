import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSetupProjects, runNode, type SetupProjects } from '../support/setup-project.js'

let projects: SetupProjects
beforeAll(async () => {
  projects = await createSetupProjects(['jest', '@jest/globals'], ['vitest'])
})
afterAll(() => projects[Symbol.dispose]())

/** Two tests: a fleet with the matchers, and what it says under the fake timers of the runner. */
const bodyOf = (runner: 'jest' | 'vi'): string => `
test('a fleet keeps its time of day', async () => {
  const fleet = await createTestFleet({ now: '2026-10-31T22:00:00Z' })
  await fleet.worker((beat) => beat.task('report', () => ({ sent: true })))
  await fleet.schedules.put('daily', { task: 'report', cron: '0 9 * * *', tz: 'America/New_York' })
  expect(await fleet.advanceTo('2026-11-03T00:00:00Z')).toHaveLength(2)
  expect(fleet).toHaveRun('daily', 2)
  expect(fleet).not.toHaveRun('daily', 3)
  expect(fleet).toHaveRunAt('daily', ['2026-11-01T14:00:00Z', '2026-11-02T14:00:00Z'])
  expect(await fleet.schedules.get('daily')).toBeScheduledFor('2026-11-03T14:00:00Z')
  await fleet[Symbol.asyncDispose]()
})

test('fake timers are refused', async () => {
  ${runner}.useFakeTimers()
  await expect(createTestFleet()).rejects.toThrow('the timers of this process are fake')
  ${runner}.useRealTimers()
})
`
const ESM = "import { createTestFleet } from 'everybeat/testing'\n"
const NODE_TEST = `import assert from 'node:assert/strict'
import test, { mock } from 'node:test'
${ESM}
test('a fleet keeps its time of day', async () => {
  const fleet = await createTestFleet({ now: '2026-10-31T22:00:00Z' })
  await fleet.worker((beat) => beat.task('report', () => ({ sent: true })))
  await fleet.schedules.put('daily', { task: 'report', cron: '0 9 * * *', tz: 'America/New_York' })
  assert.equal((await fleet.advanceTo('2026-11-03T00:00:00Z')).length, 2)
  await fleet[Symbol.asyncDispose]()
})

test('fake timers are refused', async () => {
  mock.timers.enable()
  await assert.rejects(createTestFleet(), /the timers of this process are fake/)
  mock.timers.reset()
})
`

describe('the test kit', () => {
  it('the test kit runs in Jest 30 with CommonJS, has its matchers and refuses fake timers', async () => {
    const head = "const { createTestFleet } = require('everybeat/testing')\nrequire('everybeat/testing/jest')\n"
    const dir = projects.create('kit-jest', {}, { 'a.test.js': head + bodyOf('jest') })
    const { output, code } = await runNode(dir, [join(projects.toolsDir, 'jest/bin/jest.js')])
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('2 passed') as string })
  })

  it('the test kit runs in Jest 30 with ES modules, has its matchers and refuses fake timers', async () => {
    const text = `import { jest } from '@jest/globals'\n${ESM}import 'everybeat/testing/jest'\n${bodyOf('jest')}`
    const dir = projects.create('kit-jest-esm', { type: 'module', jest: { transform: {} } }, { 'a.test.js': text })
    const args = ['--experimental-vm-modules', join(projects.toolsDir, 'jest/bin/jest.js')]
    const { output, code } = await runNode(dir, args)
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('2 passed') as string })
  })

  it('the test kit refuses fake timers that Jest made before the kit was loaded', async () => {
    const text = `const { createTestFleet } = require('everybeat/testing')
test('it is refused', () => expect(createTestFleet()).rejects.toThrow('the timers of this process are fake'))\n`
    const manifest = { jest: { fakeTimers: { enableGlobally: true } } }
    const dir = projects.create('kit-jest-fake', manifest, { 'a.test.js': text })
    const { output, code } = await runNode(dir, [join(projects.toolsDir, 'jest/bin/jest.js')])
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('1 passed') as string })
  })

  it('the test kit runs in Vitest, has its matchers and refuses fake timers', async () => {
    const text = `import { expect, test, vi } from 'vitest'\n${ESM}import 'everybeat/testing/vitest'\n${bodyOf('vi')}`
    const files = { 'a.test.ts': text, 'vitest.config.mjs': 'export default {}' }
    const dir = projects.create('kit-vitest', { type: 'module' }, files)
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
    const { output, code } = await runNode(dir, [vitest, 'run'], { CI: 'true' })
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/2 passed/) as string })
  })

  it('the test kit runs in the test runner of Node.js and refuses fake timers', async () => {
    const dir = projects.create('kit-node', { type: 'module' }, { 'a.test.mjs': NODE_TEST })
    const { output, code } = await runNode(dir, ['--test', 'a.test.mjs'])
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('# pass 2') as string })
  })
})
