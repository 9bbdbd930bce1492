import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { rollup } from 'rollup'
import { dts } from 'rollup-plugin-dts'
import { ENTRIES, entryName } from './entries.js'

/**
 * Joins the declarations of each entry into one file, and writes it twice: TypeScript reads `.d.ts` as the types of an ES
 * module and `.d.cts` as those of a CommonJS module.
 *
 * @param declarationDir where the compiler wrote one declaration file for each source
 * @param exportsOf the names that each entry exports when it runs; the other names are types
 */
export async function buildDeclarations(
  declarationDir: string,
  outDir: string,
  exportsOf: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  const names = Object.values(ENTRIES).map(entryName)
  const input = Object.fromEntries(names.map((name) => [name, join(declarationDir, `${name}.d.ts`)]))
  const bundle = await rollup({
    input,
    onwarn: (warning, warn) => warning.code === 'EMPTY_BUNDLE' || warn(warning),
    plugins: [dts({ respectExternal: true })],
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
  })
  const { output } = await bundle.generate({
    format: 'es',
    entryFileNames: '[name].d.ts',
    // Not beside the code that entries share: Turbopack, when it leaves the package out of a bundle, reads that whole folder.
    chunkFileNames: ({ name }) => `declarations/${name.replace(/\.d$/, '')}.d.ts`,
  })
  await bundle.close()
  for (const file of output) {
    if (file.type !== 'chunk') continue
    mkdirSync(dirname(join(outDir, file.fileName)), { recursive: true })
    const values = exportsOf.get(file.name)
    const code = values === undefined ? file.code : exportAsTypes(file.code, values)
    writeFileSync(join(outDir, file.fileName), code)
    const commonjs = code.replace(/(from '\.[^']*)\.js'/g, "$1.cjs'")
    writeFileSync(join(outDir, file.fileName.replace(/\.d\.ts$/, '.d.cts')), commonjs)
  }
}

/** A class of which an entry exports only the type must not look as if it could be constructed. */
function exportAsTypes(code: string, values: readonly string[]): string {
  return code.replace(/^export \{ (.+) \};$/m, (_, list: string) => {
    const names = list.split(', ')
    const isValue = (name: string): boolean => values.includes(name.split(' as ').at(-1) ?? name)
    const lines = [names.filter(isValue).join(', '), names.filter((name) => !isValue(name)).join(', ')]
    return `export { ${lines[0]} };${lines[1] ? `\nexport type { ${lines[1]} };` : ''}`
  })
}
