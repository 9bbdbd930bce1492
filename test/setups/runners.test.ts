import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useRedis } from '../support/redis.js'
import { createSetupProjects, PROGRAM, RAN, runNode, type SetupProjects } from '../support/setup-project.js'

const redis = useRedis()
let projects: SetupProjects
beforeAll(async () => {
  projects = await createSetupProjects(['jest', 'ts-jest', 'ts-node', 'typescript', '@jest/globals'], ['vitest'])
})
afterAll(() => projects[Symbol.dispose]())

const BODY = `
test('a run starts', async () => {
  const beat = new Everybeat({ redis: process.env.REDIS_URL, prefix: process.env.PREFIX, logger: false })
  const ran = new Promise((resolve) => {
    beat.task('tick', (run) => resolve(run.schedule))
  })
  await beat.schedules.put('every-second', { task: 'tick', every: '1s' })
  await beat.start()
  expect(await ran).toBe('every-second')
  await beat.stop()
  await expect(beat.start()).rejects.toBeInstanceOf(EverybeatError)
}, 60000)
`
const IMPORT = "import { Everybeat, EverybeatError } from 'everybeat'\n"
const NODE10 = {
  module: 'CommonJS',
  moduleResolution: 'node10',
  esModuleInterop: true,
  skipLibCheck: true,
  target: 'ES2022',
}

const JEST = [
  {
    kind: 'CommonJS',
    manifest: {},
    files: { 'a.test.js': `const { Everybeat, EverybeatError } = require('everybeat')\n${BODY}` },
    nodeOptions: [],
  },
  {
    kind: 'ES modules',
    manifest: { type: 'module', jest: { transform: {} } },
    files: { 'a.test.js': IMPORT + BODY },
    nodeOptions: ['--experimental-vm-modules'],
  },
  {
    kind: 'ts-jest',
    manifest: { jest: { preset: 'ts-jest' } },
    files: {
      'a.test.ts': `import { expect, test } from '@jest/globals'\n${IMPORT}${BODY}`,
      'tsconfig.json': JSON.stringify({ compilerOptions: { ...NODE10, strict: false, types: ['node'] } }),
    },
    nodeOptions: [],
  },
]

describe('test runners', () => {
  it.each(JEST)('Jest 30 with $kind runs a worker in a test', async ({ kind, manifest, files, nodeOptions }) => {
    const dir = projects.create(`jest-${kind.replace(' ', '-')}`, manifest, files)
    const jest = join(projects.toolsDir, 'jest/bin/jest.js')
    const { output, code } = await runNode(dir, [...nodeOptions, jest], { REDIS_URL: redis.url })
    expect(output).toContain('1 passed')
    expect(code).toBe(0)
  })

  it('Vitest runs a worker in a test', async () => {
    const text = `import { expect, test } from 'vitest'\n${IMPORT}${BODY}`
    const files = { 'a.test.ts': text, 'vitest.config.mjs': 'export default {}' }
    const dir = projects.create('vitest', { type: 'module' }, files)
    const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
    const { output, code } = await runNode(dir, [vitest, 'run'], { REDIS_URL: redis.url, CI: 'true' })
    expect(output).toMatch(/1 passed/)
    expect(code).toBe(0)
  })
})

describe('programs that run TypeScript', () => {
  const tsx = createRequire(import.meta.url).resolve('tsx/cli')
  const kinds = ['module', 'commonjs'].flatMap((type) =>
    ['loop', 'thread'].map((leaseKeeper) => ({ type, leaseKeeper })),
  )

  it.each(kinds)('tsx runs a worker of type $type with lease keeper $leaseKeeper', async ({ type, leaseKeeper }) => {
    const dir = projects.create(`tsx-${type}`, { type }, { 'app.ts': PROGRAM })
    const env = { REDIS_URL: redis.url, LEASE_KEEPER: leaseKeeper }
    expect(await runNode(dir, [tsx, 'app.ts'], env)).toEqual({ output: RAN, code: 0 })
  })

  it('ts-node runs a CommonJS worker, with a lease thread', async () => {
    const options = JSON.stringify({ compilerOptions: { ...NODE10, noImplicitAny: false, types: ['node'] } })
    const dir = projects.create('ts-node', {}, { 'app.ts': PROGRAM, 'tsconfig.json': options })
    const program = [join(projects.toolsDir, 'ts-node/dist/bin.js'), 'app.ts']
    const env = { REDIS_URL: redis.url, LEASE_KEEPER: 'thread' }
    expect(await runNode(dir, program, env)).toEqual({ output: RAN, code: 0 })
  })

  it('ts-node runs a worker that is an ES module', async () => {
    const compilerOptions = { module: 'NodeNext', moduleResolution: 'NodeNext', skipLibCheck: true, types: ['node'] }
    const files = { 'app.ts': PROGRAM, 'tsconfig.json': JSON.stringify({ compilerOptions }) }
    const dir = projects.create('ts-node-esm', { type: 'module' }, files)
    const loader = pathToFileURL(join(projects.toolsDir, 'ts-node/esm.mjs')).href
    const { output, code } = await runNode(dir, ['--no-warnings', '--loader', loader, 'app.ts'], {
      REDIS_URL: redis.url,
    })
    expect({ output, code }).toEqual({ output: RAN, code: 0 })
  })
})
