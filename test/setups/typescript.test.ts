import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { useRedis } from '../support/redis.js'
import { createSetupProjects, PROGRAM, RAN, runNode, type SetupProjects } from '../support/setup-project.js'

const redis = useRedis()
let projects: SetupProjects
beforeAll(async () => {
  projects = await createSetupProjects([])
})
afterAll(() => projects[Symbol.dispose]())

const TYPED_PROGRAM = PROGRAM.replace('async function main()', 'async function main(): Promise<void>').replace(
  'main().catch((error)',
  'main().catch((error: unknown)',
)

interface Compiler {
  readonly version: string
  /** Its package among the tools; null for the one of this project. */
  readonly tool: string | null
  readonly hasNode10: boolean
  readonly options: object
}

const COMPILERS: readonly Compiler[] = [
  { version: '5.4', tool: 'typescript-5.4', hasNode10: true, options: {} },
  { version: '6', tool: null, hasNode10: true, options: { ignoreDeprecations: '6.0' } },
  { version: '7', tool: 'typescript-7', hasNode10: false, options: {} },
]

const SETTINGS = [
  { module: 'CommonJS', moduleResolution: 'node10', type: 'commonjs' },
  { module: 'Node16', moduleResolution: 'Node16', type: 'commonjs' },
  { module: 'Node16', moduleResolution: 'Node16', type: 'module' },
  { module: 'NodeNext', moduleResolution: 'NodeNext', type: 'commonjs' },
  { module: 'NodeNext', moduleResolution: 'NodeNext', type: 'module' },
  { module: 'ESNext', moduleResolution: 'Bundler', type: 'module' },
] as const

const cases = COMPILERS.flatMap((compiler) =>
  SETTINGS.filter(({ moduleResolution }) => compiler.hasNode10 || moduleResolution !== 'node10').map((setting) => ({
    ...compiler,
    ...setting,
  })),
)

function compilerFile(tool: string | null): string {
  const folder =
    tool === null
      ? dirname(createRequire(import.meta.url).resolve('typescript/package.json'))
      : join(projects.toolsDir, tool)
  return join(folder, 'bin/tsc')
}

const STRICT = {
  target: 'ES2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  esModuleInterop: true,
  skipLibCheck: true,
  types: ['node'],
}

describe('TypeScript', () => {
  it.each(cases)(
    'a program compiled by TypeScript $version with module $module, resolution $moduleResolution, type $type runs',
    async ({ version, tool, options, module, moduleResolution, type }) => {
      const compilerOptions = { ...STRICT, ...options, module, moduleResolution, outDir: 'out', rootDir: '.' }
      const name = `typescript-${version}-${module}-${moduleResolution}-${type}`
      const dir = projects.create(
        name,
        { type },
        { 'app.ts': TYPED_PROGRAM, 'tsconfig.json': JSON.stringify({ compilerOptions, files: ['app.ts'] }) },
      )
      expect(await runNode(dir, [compilerFile(tool), '-p', '.'])).toEqual({ output: '', code: 0 })
      expect(await runNode(dir, ['out/app.js'], { REDIS_URL: redis.url })).toEqual({ output: RAN, code: 0 })
    },
  )

  it.each(COMPILERS)(
    'TypeScript $version knows triggers, payloads, reasons and tasks',
    async ({ version, tool, options }) => {
      const compilerOptions = { ...STRICT, ...options, module: 'NodeNext', moduleResolution: 'NodeNext', noEmit: true }
      const text = readFileSync(join(PROJECT_DIR, 'test/types/registry.ts'), 'utf8')
      const dir = projects.create(
        `types-${version}`,
        { type: 'module' },
        {
          'registry.ts': text.replace('../../src/index.js', 'everybeat'),
          'tsconfig.json': JSON.stringify({ compilerOptions, files: ['registry.ts'] }),
        },
      )
      expect(await runNode(dir, [compilerFile(tool), '-p', '.'])).toEqual({ output: '', code: 0 })
    },
  )
})
