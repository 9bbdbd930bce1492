import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ENTRIES, filesOfEntry } from './entries.js'

/** The part of `package.json` that follows from the list of entries. */
export interface EntryFields {
  readonly main: string
  readonly types: string
  readonly typesVersions: Record<string, Record<string, string[]>>
  readonly exports: Record<string, unknown>
}

const MANIFEST = new URL('../../../package.json', import.meta.url)
const VERSION_MODULE = new URL('../../../src/version.ts', import.meta.url)

/** Computes the fields of `package.json` that name the entries. */
export function entryFields(): EntryFields {
  const exports: Record<string, unknown> = {}
  const typesOfSubpath: Record<string, string[]> = {}
  for (const [subpath, source] of Object.entries(ENTRIES)) {
    const { commonjs, module, bundler, types, commonjsTypes } = filesOfEntry(source)
    exports[subpath] = {
      module: { types: `./dist/${types}`, default: `./dist/${bundler}` },
      import: { types: `./dist/${types}`, default: `./dist/${module}` },
      require: { types: `./dist/${commonjsTypes}`, default: `./dist/${commonjs}` },
    }
    if (subpath !== '.') typesOfSubpath[subpath.slice(2)] = [`./dist/${commonjsTypes}`]
  }
  exports['./package.json'] = './package.json'
  const main = filesOfEntry(ENTRIES['.'] ?? 'index.ts')
  return {
    main: `./dist/${main.commonjs}`,
    types: `./dist/${main.commonjsTypes}`,
    typesVersions: { '*': typesOfSubpath },
    exports,
  }
}

/** Gives the text of `src/version.ts` for a version. */
export function versionModule(version: string): string {
  return `/** The version of this package. \`npm run entries\` takes it from package.json. */\nexport const VERSION = '${version}'\n`
}

/** Writes into `package.json` and `src/version.ts` what follows from the list of entries and from the version. */
export function writeManifest(): void {
  const manifest = JSON.parse(readFileSync(MANIFEST, 'utf8')) as { version: string }
  writeFileSync(MANIFEST, `${JSON.stringify({ ...manifest, ...entryFields() }, null, 2)}\n`)
  writeFileSync(VERSION_MODULE, versionModule(manifest.version))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeManifest()
