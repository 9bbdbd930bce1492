import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { useRedis } from '../support/redis.js'
import { createSetupProjects, PROGRAM, RAN, runNode, type SetupProjects } from '../support/setup-project.js'
import { BUNDLERS, type Bundler } from './bundlers.js'

const redis = useRedis()
let projects: SetupProjects
beforeAll(async () => {
  const plugins = ['node-resolve', 'commonjs', 'json'].map((name) => `@rollup/plugin-${name}`)
  projects = await createSetupProjects(['webpack', '@vercel/ncc', ...plugins])
})
afterAll(() => projects[Symbol.dispose]())

const bundled = new Map<string, Promise<string>>()

/** Bundles the program, once for each bundler, and gives the folder of what came out. */
function bundle({ name, script }: Bundler): Promise<string> {
  const known = bundled.get(name)
  if (known !== undefined) return known
  const build = async (): Promise<string> => {
    const files = { 'app.js': PROGRAM, 'bundle.mjs': script(projects.toolsDir) }
    const dir = projects.create(`bundle-${name}`, { type: 'module' }, files)
    mkdirSync(join(dir, 'out'), { recursive: true })
    const { output, code } = await runNode(dir, ['bundle.mjs'])
    expect({ code, aboutUs: output.split('\n').filter((line) => line.includes('everybeat')) }).toEqual({
      code: 0,
      aboutUs: [],
    })
    return projects.isolate(join(dir, 'out'))
  }
  const building = build()
  bundled.set(name, building)
  return building
}

describe('bundles, alone in their folder', () => {
  it.each(BUNDLERS)('a bundle of $name runs', async (bundler) => {
    const dir = await bundle(bundler)
    expect(await runNode(dir, [bundler.file], { REDIS_URL: redis.url })).toEqual({ output: RAN, code: 0 })
  })

  it.each(BUNDLERS.filter(({ hasThread }) => hasThread))(
    'a bundle of $name runs with a lease thread',
    async (bundler) => {
      const env = { REDIS_URL: redis.url, LEASE_KEEPER: 'thread' }
      expect(await runNode(await bundle(bundler), [bundler.file], env)).toEqual({ output: RAN, code: 0 })
    },
  )

  it.each(BUNDLERS.filter(({ hasThread }) => !hasThread))(
    'a bundle of $name without the file of the lease thread names the missing file',
    async (bundler) => {
      const dir = await bundle(bundler)
      const env = { REDIS_URL: redis.url, LEASE_KEEPER: 'thread' }
      const { output, code } = await runNode(dir, [bundler.file], env)
      expect(output).toContain("code: 'ERR_EVERYBEAT_DEPENDENCY'")
      expect(output).toContain(`the file ${join(dir, 'everybeat-lease-thread.cjs')} is missing`)
      expect(code).toBe(1)
    },
  )
})

describe('the size of a bundle', () => {
  it.each(['parseDuration', 'aclRules', 'EverybeatError'])(
    'a bundle with %s alone has less than 80 kB',
    async (name) => {
      const { build } = await import('esbuild')
      const dir = projects.create('size', {}, {})
      const { outputFiles } = await build({
        stdin: { contents: `import { ${name} } from 'everybeat'; console.log(${name})`, resolveDir: dir },
        bundle: true,
        minify: true,
        platform: 'node',
        format: 'esm',
        write: false,
      })
      expect(outputFiles[0]?.contents.length).toBeLessThan(80_000)
    },
  )
})
