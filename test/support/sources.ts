import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'
import { PROJECT_DIR } from './build.js'

/** One import or re-export of a source file. */
export interface ImportedModule {
  /** As it is written: `ioredis`, `node:fs`, `../errors.js`. */
  specifier: string
  /** For a relative one the file it means, relative to `src`, such as `errors.ts`; otherwise `null`. */
  file: string | null
  /** Nothing of it is left at run time. */
  isTypeOnly: boolean
}

/** A TypeScript file of `src`. */
export interface SourceFile {
  /** Relative to `src`, with `/`: `worker/tick.ts`. */
  path: string
  text: string
  syntax: ts.SourceFile
  imports: ImportedModule[]
}

const SRC = join(PROJECT_DIR, 'src')

/** Gives the paths of all files below a folder of the project, relative to that folder, with `/`, in order. */
export function listFiles(folder: string): string[] {
  const top = join(PROJECT_DIR, folder)
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => relative(top, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort()
}

/**
 * Reads and parses every TypeScript file of `src`; declarations of other people's packages (`.d.ts`) stay out, and so do
 * the pages of the dashboard, which run in browsers and are bundled.
 */
export function readSources(): SourceFile[] {
  return listFiles('src')
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts') && !path.startsWith('dashboard/app/'))
    .map((path) => parseSource(path, readFileSync(join(SRC, path), 'utf8')))
}

/** Parses one file as if it stood at `path` below `src`. */
export function parseSource(path: string, text: string): SourceFile {
  const syntax = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true)
  const imports: ImportedModule[] = []
  const add = (specifier: ts.Node | undefined, isTypeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return
    imports.push({ specifier: specifier.text, file: resolveImport(path, specifier.text), isTypeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyImport(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, isTypeOnlyExport(node))
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true)
    else if (ts.isCallExpression(node) && isModuleCall(node)) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return { path, text, syntax, imports }
}

/** `@scope/name` of `@scope/name/file`, `name` of `name/file`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

function isTypeOnlyImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true
  const bindings = clause.namedBindings
  if (clause.name !== undefined || bindings === undefined || !ts.isNamedImports(bindings)) return false
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly)
}

function isTypeOnlyExport(node: ts.ExportDeclaration): boolean {
  if (node.isTypeOnly) return true
  const clause = node.exportClause
  return clause !== undefined && ts.isNamedExports(clause) && clause.elements.every((element) => element.isTypeOnly)
}

function isModuleCall(node: ts.CallExpression): boolean {
  const { expression } = node
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === 'require')
  )
}

function resolveImport(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null
  const target = relative(SRC, resolve(SRC, dirname(from), specifier))
    .split(sep)
    .join('/')
  return target.replace(/\.js(x?)$/, '.ts$1')
}
