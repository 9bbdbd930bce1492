import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** The file of the package that has the licences of what others wrote and its files contain. */
export const LICENCES_FILE = 'THIRD-PARTY.txt'

/**
 * Writes the licences of the packages that the pages of the dashboard bundle, and of Lua, which the memory store runs.
 *
 * @param modules the files of the bundle, by their absolute paths
 * @throws when a package has no text of its licence
 */
export function writeLicences(modules: readonly string[], projectDir: string, outDir: string): void {
  const folders = modules.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? [])
  const packages = [...new Set(folders)].map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, string>
    return { title: `${name} ${version}: the pages of the dashboard`, text: readLicence(folder) }
  })
  packages.sort((one, other) => (one.title < other.title ? -1 : 1))
  const lua = {
    title: 'Lua 5.1 and what it is built with: the memory store',
    text: readFileSync(join(projectDir, 'src/memory/lua/build/LICENSES'), 'utf8'),
  }
  const parts = [...packages, lua].map(({ title, text }) => `${title}\n${'='.repeat(title.length)}\n\n${text.trim()}\n`)
  const head = 'Files of this package contain work of others. Each keeps its licence.\n'
  writeFileSync(join(outDir, LICENCES_FILE), [head, ...parts].join('\n\n'))
}

function readLicence(folder: string): string {
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
  if (file === undefined) throw new Error(`${folder} is bundled and has no file with its licence`)
  return readFileSync(join(folder, file), 'utf8')
}
