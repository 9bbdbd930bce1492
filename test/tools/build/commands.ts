import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import ts from 'typescript'
import { ENTRIES } from './entries.js'

/** The folder of the command line program, whose files stay apart: a command loads only what it needs. */
export const COMMANDS = 'cli'

/**
 * Compiles each file of the command line program by itself, as ES modules. They import the public entries, and so share
 * the library with the modules of users that they load.
 *
 * @throws when a file imports something of the library that is not a public entry: it would be a second copy
 */
export function buildCommands(sourceDir: string, outDir: string): void {
  const entries = Object.values(ENTRIES).map((source) => join(sourceDir, source))
  for (const path of readdirSync(join(sourceDir, COMMANDS), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(path)) continue
    const file = join(sourceDir, COMMANDS, path)
    const text = readFileSync(file, 'utf8')
    for (const { fileName } of ts.preProcessFile(text).importedFiles) {
      const target = resolve(dirname(file), fileName).replace(/\.js$/, '.ts')
      const isOwn = !relative(join(sourceDir, COMMANDS), target).startsWith('..')
      if (fileName.startsWith('.') && !isOwn && !entries.includes(target) && !isTypeImport(text, fileName))
        throw new Error(`${file} imports ${fileName}, which is no public entry (test/tools/build/entries.ts)`)
    }
    const target = join(outDir, COMMANDS, path.replace(/\.tsx?$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, compile(text))
  }
}

function isTypeImport(text: string, specifier: string): boolean {
  return text.split('\n').some((line) => line.startsWith('import type ') && line.endsWith(`'${specifier}'`))
}

function compile(text: string): string {
  return ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      isolatedModules: true,
      removeComments: true,
    },
  }).outputText
}
