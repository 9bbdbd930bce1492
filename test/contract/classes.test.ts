import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { parseSource, readSources, type SourceFile } from '../support/sources.js'

/** A condition says by its name what it holds. */
const CONDITION = /^#(is|has|was)[A-Z]/

/** Finds private fields that change and do not say what they hold, `file: #field`. */
function findSilentFields({ path, syntax }: SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name)) {
      const isFixed = node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword) ?? false
      const isSilent = ts.getJSDocCommentsAndTags(node).length === 0
      if (!isFixed && isSilent && !CONDITION.test(node.name.text)) found.push(`${path}: ${node.name.text}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}

/** Finds functions that keep state between their calls in variables of the function around them: that is a class. */
function findHiddenState({ path, syntax }: SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionDeclaration(node) && node.name && node.body) {
      const changing = node.body.statements.flatMap((statement) =>
        ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Let) !== 0
          ? statement.declarationList.declarations
          : [],
      )
      const inner = node.body.statements.filter(ts.isFunctionDeclaration)
      if (node.name.text.startsWith('create') && changing.length >= MANY_VARIABLES && inner.length > 0) {
        found.push(`${path}: ${node.name.text}`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}

/** So many changing variables of a function with functions of its own are the state of a thing. */
const MANY_VARIABLES = 3

const sources = readSources().filter(({ path }) => !path.endsWith('generated.ts'))

describe('the state of the sources', () => {
  it('every private field that changes says what it holds', () => {
    expect(sources.flatMap(findSilentFields)).toEqual([])
  })

  it('no function keeps state that a class should hold', () => {
    expect(sources.flatMap(findHiddenState)).toEqual([])
  })

  it('the rules find a silent field, and state that a function hides', () => {
    const fields = 'class A {\n  #a = 1\n  /** Told. */\n  #b = 2\n  readonly #c = 3\n  #isDone = false\n}'
    expect(findSilentFields(parseSource('a.ts', fields))).toEqual(['a.ts: #a'])
    const hidden = 'function createA() { let a = 1, b = 2; let c; function f() { a += 1 } return { f } }'
    expect(findHiddenState(parseSource('a.ts', hidden))).toEqual(['a.ts: createA'])
    expect(findHiddenState(parseSource('a.ts', hidden.replace('; let c', '')))).toEqual([])
  })
})
