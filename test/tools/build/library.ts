import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rolldown, type Plugin } from 'rolldown'
import { ENTRIES, entryName, filesOfEntry } from './entries.js'
import { fitIntoBundles, loadWhenUsed, placeLeaseThread } from './plugins.js'
import { shareScriptParts } from './script-parts.js'

/** What a build of the library is made of and where it is written. */
export interface LibraryBuild {
  /** The folder of the sources. */
  readonly sourceDir: string
  readonly outDir: string
  /** Plugins that change sources on their way, for tests. */
  readonly plugins?: Plugin[]
}

const isOutside = (id: string): boolean => !id.startsWith('.') && !id.startsWith('/')

/**
 * Builds the library twice: CommonJS, which Node.js runs for `require` and through small wrappers for `import`, and
 * separate ES modules for bundlers. Within a process, Node.js and a bundle alike thus know one copy of every class.
 *
 * @returns the names that each entry exports when it runs, by the name of the entry
 */
export async function buildLibrary(build: LibraryBuild): Promise<Map<string, readonly string[]>> {
  const { sourceDir, outDir, plugins = [] } = build
  const input = Object.fromEntries(Object.values(ENTRIES).map((source) => [entryName(source), join(sourceDir, source)]))
  const common = { input, external: isOutside, platform: 'node', treeshake: { moduleSideEffects: isProgram } } as const

  const scripts = shareScriptParts(sourceDir)
  const forNode = await rolldown({ ...common, plugins: [...plugins, scripts, loadWhenUsed(), placeLeaseThread()] })
  const { output } = await forNode.write({
    dir: outDir,
    format: 'cjs',
    exports: 'named',
    entryFileNames: '[name].cjs',
    // What entries share is named after its folder, and that of the library is `src`.
    chunkFileNames: ({ name }) => `shared/${name === 'src' ? 'library' : name}.cjs`,
    // The declarations carry the documentation; here it would be read by every process, and packed a second time.
    comments: { jsdoc: false },
  })
  await forNode.close()
  const names = new Map(
    output.flatMap((chunk) => (chunk.type === 'chunk' && chunk.isEntry ? [[chunk.name, chunk.exports] as const] : [])),
  )
  writeWrappers(outDir, names)

  const forBundlers = await rolldown({ ...common, plugins: [...plugins, scripts, fitIntoBundles()] })
  await forBundlers.write({
    dir: join(outDir, 'bundler'),
    format: 'esm',
    preserveModules: true,
    preserveModulesRoot: sourceDir,
    entryFileNames: '[name].js',
    minify: { compress: false, mangle: false, codegen: true },
  })
  await forBundlers.close()
  return names
}

/** Whether a module does something by being imported: the program of the lease thread, and what adds matchers. */
const isProgram = (id: string): boolean => /(lease-thread-main|testing\/(vitest|jest))\.ts$/.test(id)

function writeWrappers(outDir: string, exportsOf: ReadonlyMap<string, readonly string[]>): void {
  for (const source of Object.values(ENTRIES)) {
    const { commonjs, module } = filesOfEntry(source)
    const names = exportsOf.get(entryName(source)) ?? []
    const target = `./${commonjs.split('/').at(-1)}`
    const named = names.filter((name) => name !== 'default')
    const lines = [`export { ${named.join(', ')} } from '${target}'`]
    if (named.length === 0) lines[0] = `import '${target}'`
    if (names.includes('default')) lines.push(`import all from '${target}'`, 'export default all.default')
    mkdirSync(dirname(join(outDir, module)), { recursive: true })
    writeFileSync(join(outDir, module), `${lines.join('\n')}\n`)
  }
}
