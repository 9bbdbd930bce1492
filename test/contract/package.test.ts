import { readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PROJECT_DIR } from '../support/build.js'
import { type Consumer, createConsumer, readManifest } from '../support/packed.js'
import { listFiles, packageOf } from '../support/sources.js'
import { ENTRIES, filesOfEntry } from '../tools/build/entries.js'
import { entryFields, versionModule } from '../tools/build/manifest.js'
import { LOADED_WHEN_USED } from '../tools/build/plugins.js'

const manifest = readManifest()
const optionalPeers = Object.keys(manifest.peerDependenciesMeta ?? {})
const specifiers = Object.keys(ENTRIES)
  .filter((subpath) => subpath !== './lease-thread')
  .map((subpath) => subpath.replace('.', manifest.name))

/** What the package has beside the engine, its types and its command line, by the paths of the files. */
const OTHER_PARTS = [
  { part: 'dashboard', of: /^dist\/(bundler\/)?dashboard\// },
  { part: 'memory store', of: /^dist\/(bundler|shared)\/memory/ },
  { part: 'importers', of: /^dist\/(\w+\/)?(moving-in|definition-files)/ },
  { part: 'test kit', of: /^dist\/(\w+\/)?(testing|matchers)/ },
  {
    part: 'integrations',
    of: /^dist\/(\w+\/)?(after-starts|monitors|opentelemetry|prometheus|nestjs|bullmq|fastify|node-cron|shell|webhook)/,
  },
  { part: 'documentation', of: /^(docs\/|README)/ },
]

/** Pictures, pages of the site and sources, which the package leaves out. */
const IN_THE_REPOSITORY_ALONE = /^(docs\/(images|compare|decisions)\/|src\/|benchmarks\/)/

let consumer: Consumer
beforeAll(async () => {
  consumer = await createConsumer()
})
afterAll(() => consumer[Symbol.dispose]())

describe('the packed package', () => {
  it('the packed package holds the built files and the documentation, and no other file', () => {
    const allowed =
      /^(package\.json|README\.md|LICENSE|dist\/THIRD-PARTY\.txt|dist\/.+\.(js|cjs|d\.ts|d\.cts)|dist\/dashboard\/app\/.+\.(html|css|svg|woff2)|docs\/.+\.md|docs\/examples\/.+|docs\/monitoring\/(alerts\.yml|grafana\.json))$/
    expect(consumer.files.filter((path) => !allowed.test(path))).toEqual([])
    expect(consumer.files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
  })

  it('the packed package has at most 510 kB of engine, types and command line, and 1.3 MB in all', () => {
    const sizes = new Map(OTHER_PARTS.map(({ part }) => [part, 0]))
    for (const path of consumer.files) {
      const part = OTHER_PARTS.find(({ of }) => of.test(path))?.part ?? 'engine'
      const bytes = gzipSync(readFileSync(join(consumer.packageDir, path))).length
      sizes.set(part, (sizes.get(part) ?? 0) + bytes)
    }
    expect(sizes.get('engine'), JSON.stringify([...sizes])).toBeLessThanOrEqual(510_000)
    expect(consumer.packedBytes).toBeLessThanOrEqual(1_300_000)
  })

  it('each link of a page in the packed package has a target there or in the repository', () => {
    // README.md is shown by registries with the repository as its base.
    const pages = consumer.files.filter((path) => /^docs\/.+\.md$/.test(path))
    const dead = pages.flatMap((page) => {
      const text = readFileSync(join(consumer.packageDir, page), 'utf8')
      return [...text.matchAll(/\]\((?![a-z]+:|#)([\w./-]+)[^)]*\)/g)]
        .map(([, link]) => join(dirname(page), link!))
        .filter((path) => !consumer.files.includes(path) && !IN_THE_REPOSITORY_ALONE.test(path))
        .map((path) => `${page}: ${path}`)
    })
    expect(pages.length).toBeGreaterThan(30)
    expect(dead).toEqual([])
  })

  it('the packed package has the licences of what the dashboard bundles, and of Lua', () => {
    const text = readFileSync(join(consumer.packageDir, 'dist/THIRD-PARTY.txt'), 'utf8')
    const titles = [...text.matchAll(/^(\S+) .*\n=+$/gm)].map(([, name]) => name)
    const app = readAppImports().filter((name) => !['vite'].includes(name))
    expect(app).toContain('preact')
    expect([...app, 'Lua'].filter((name) => !titles.includes(name))).toEqual([])
  })

  it('the packed package names no source map, and no path of the machine that built it', () => {
    const texts = consumer.files.filter((path) => /\.(c?js|c?ts|json)$/.test(path))
    const says = (path: string, text: string): boolean =>
      readFileSync(join(consumer.packageDir, path), 'utf8').includes(text)
    expect(texts.filter((path) => says(path, PROJECT_DIR))).toEqual([])
    expect(texts.filter((path) => says(path, 'sourceMapping' + 'URL'))).toEqual([])
  })

  it('the packed package has the entries that the list of entries names, as npm run entries writes them, with all their files', () => {
    expect(manifest).toMatchObject(entryFields())
    expect(Object.keys(manifest.exports)).toEqual([...Object.keys(ENTRIES), './package.json'])
    const outputs = Object.values(ENTRIES).flatMap((source) => Object.values(filesOfEntry(source)))
    expect(outputs.filter((path) => !consumer.files.includes(`dist/${path}`))).toEqual([])
  })

  it('the packed package has an entry for every folder with an index.ts', () => {
    // The entries of the memory store and of the queue that the signals share are for this package alone.
    const inner = ['memory/index.ts', 'after-starts/index.ts']
    const indexes = listFiles('src').filter((path) => /^([^/]+\/)?index\.ts$/.test(path) && !inner.includes(path))
    expect(indexes.filter((path) => !Object.values(ENTRIES).includes(path))).toEqual([])
  })

  it('the packed package knows its version without reading a file', () => {
    expect(readFileSync(join(PROJECT_DIR, 'src/version.ts'), 'utf8')).toBe(versionModule(manifest.version))
  })

  it('the packed package has a command that starts by itself and knows its version', async () => {
    const file = manifest.bin['everybeat'] ?? ''
    expect(readFileSync(join(consumer.packageDir, file), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(await consumer.run(process.execPath, join(consumer.packageDir, file), '--version')).toBe(
      `${manifest.version}\n`,
    )
  })
})

describe('a project with the package and its dependencies', () => {
  const main = specifiers.filter((specifier) => [manifest.name, `${manifest.name}/testing`].includes(specifier))

  it.each(main)(
    'a project with the package and its dependencies imports %s without any optional package',
    async (specifier) => {
      expect((await importNames(specifier)).length).toBeGreaterThan(0)
    },
  )
})

describe('importing the package', () => {
  it('the package gives the same values by import and by require', async () => {
    const code = `import('everybeat').then((all) => {
      const required = require('everybeat')
      console.log(JSON.stringify(Object.keys(all).filter((name) => name !== 'module.exports' && all[name] !== required[name])))
    })`
    expect(JSON.parse(await consumer.run(process.execPath, '--input-type=commonjs', '-e', code))).toEqual([])
  })

  it.each(LOADED_WHEN_USED)('importing the package does not load %s before its first use', async (name) => {
    const code = `require('everybeat')
      console.log(JSON.stringify(Object.keys(require.cache).filter((file) => file.includes('/node_modules/${name}/'))))`
    expect(JSON.parse(await consumer.run(process.execPath, '--input-type=commonjs', '-e', code))).toEqual([])
  })

  it('importing the package reads few files: the entry and the parts that it shares with other entries', async () => {
    const code = `require('everybeat')
      console.log(Object.keys(require.cache).filter((file) => file.includes('/everybeat/dist/')).length)`
    expect(Number(await consumer.run(process.execPath, '--input-type=commonjs', '-e', code))).toBeLessThanOrEqual(10)
  })
})

describe('a project with the optional packages too', () => {
  beforeAll(() => {
    expect(consumer.add(optionalPeers)).toEqual([])
  })

  it.each(specifiers)(
    'a project with the optional packages too gets the same values from %s by import and by require',
    async (specifier) => {
      const imported = await importNames(specifier)
      expect(imported.length).toBeGreaterThan(0)
      expect(await requireNames(specifier)).toEqual(imported)
    },
  )

  it('a project with the optional packages too compiles in a module and in a CommonJS file, strictly', () => {
    expect(consumer.add(['@types/node', 'undici-types'])).toEqual([])
    const write = (ending: string, toImport: (name: string, specifier: string) => string): string => {
      const lines = specifiers.map((specifier, index) => toImport(`entry${index}`, specifier))
      const names = specifiers.map((_, index) => `entry${index}`)
      const file = join(consumer.dir, `consumer.${ending}`)
      writeFileSync(file, `${lines.join('\n')}\nexport const all = [${names.join(', ')}]\n`)
      return file
    }
    const files = [
      write('mts', (name, specifier) => `import * as ${name} from '${specifier}'`),
      write('cts', (name, specifier) => `import ${name} = require('${specifier}')`),
    ]
    // Apart, as projects are: what a plugin adds to another package's types can be there in one of the two forms only.
    expect(files.flatMap((file) => compile([file]))).toEqual([])
  })
})

/** The packages that the pages of the dashboard import. */
function readAppImports(): string[] {
  const files = listFiles('src/dashboard/app').filter((path) => /\.tsx?$/.test(path))
  const texts = files.map((path) => readFileSync(join(PROJECT_DIR, 'src/dashboard/app', path), 'utf8'))
  const specifiers = texts.flatMap((text) => [...text.matchAll(/(?:from |import |import\()'([^.'][^']*)'/g)])
  const names = specifiers.map(([, specifier]) => packageOf(specifier!)).filter((name) => !name.startsWith('node:'))
  return [...new Set(names)]
}

async function importNames(specifier: string): Promise<string[]> {
  const code = `import('${specifier}').then((all) => console.log(JSON.stringify(Object.keys(all).sort())))`
  return JSON.parse(await consumer.run(process.execPath, '--input-type=module', '-e', code)) as string[]
}

async function requireNames(specifier: string): Promise<string[]> {
  // Node adds this one to what an ES module gives to require.
  const code = `console.log(JSON.stringify(Object.keys(require('${specifier}')).filter((name) => name !== '__esModule').sort()))`
  return JSON.parse(await consumer.run(process.execPath, '--input-type=commonjs', '-e', code)) as string[]
}

/** Checks the user's files and the package's declarations; those of other packages are their own matter. */
function compile(files: string[]): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noEmit: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    types: ['node'],
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  })
  const isOurs = (file: string): boolean => files.includes(file) || file.startsWith(realpathSync(consumer.packageDir))
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || isOurs(file.fileName))
    .map(({ file, messageText }) => `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}
