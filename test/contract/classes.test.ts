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

/** From this number on, variables of a function that its inner functions assign are the state of a thing. */
const MANY_VARIABLES = 3

/**
 * Finds `create…` functions, however they are written, that keep state between calls of what they create in variables of
 * their own: that is a class.
 */
function findHiddenState({ path, syntax }: SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    const name = createdBy(node)
    if (name !== null && countKeptVariables(node as ts.FunctionLikeDeclaration) >= MANY_VARIABLES) {
      found.push(`${path}: ${name}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}

/** The name of a `create…` function: a declaration, or a function that a constant or a method holds; null for others. */
function createdBy(node: ts.Node): string | null {
  if (!ts.isFunctionLike(node)) return null
  const name = node.name ?? (ts.isVariableDeclaration(node.parent) ? node.parent.name : undefined)
  return name?.getText().startsWith('create') ? name.getText() : null
}

/** How many `let` variables at the top of a function are assigned by functions inside of it. */
function countKeptVariables({ body }: ts.FunctionLikeDeclaration): number {
  if (!body || !ts.isBlock(body)) return 0
  const changing = body.statements.flatMap((statement) =>
    ts.isVariableStatement(statement) && (statement.declarationList.flags & ts.NodeFlags.Let) !== 0
      ? statement.declarationList.declarations.map((declaration) => declaration.name.getText())
      : [],
  )
  const assigned = new Set<string>()
  const visit = (node: ts.Node, isInside: boolean): void => {
    const target = isInside ? assignedIn(node) : null
    if (target !== null) assigned.add(target)
    ts.forEachChild(node, (child) => visit(child, isInside || ts.isFunctionLike(node)))
  }
  for (const statement of body.statements) visit(statement, false)
  return changing.filter((name) => assigned.has(name)).length
}

function assignedIn(node: ts.Node): string | null {
  const { FirstAssignment, LastAssignment, PlusPlusToken, MinusMinusToken } = ts.SyntaxKind
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken
    return kind >= FirstAssignment && kind <= LastAssignment ? node.left.getText() : null
  }
  const isStep = ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)
  return isStep && [PlusPlusToken, MinusMinusToken].includes(node.operator) ? node.operand.getText() : null
}

const sources = readSources().filter(({ path }) => !path.endsWith('generated.ts'))

describe('the state of the sources', () => {
  it('every private field that changes has a comment', () => {
    expect(sources.flatMap(findSilentFields)).toEqual([])
  })

  it('no function keeps state that a class should hold', () => {
    expect(sources.flatMap(findHiddenState)).toEqual([])
  })

  it('the rules find a field without a comment, and state in a function', () => {
    const fields = 'class A {\n  #a = 1\n  /** Told. */\n  #b = 2\n  readonly #c = 3\n  #isDone = false\n}'
    expect(findSilentFields(parseSource('a.ts', fields))).toEqual(['a.ts: #a'])
    const hidden = 'function createA() { let a = 1, b = 2; let c; function f() { a += 1; b++; c = a } return { f } }'
    const found = (code: string): string[] => findHiddenState(parseSource('a.ts', code))
    expect(found(hidden)).toEqual(['a.ts: createA'])
    expect(found(hidden.replace('b++', 'f(b)'))).toEqual([])
    const kept = '{ let a = 1, b = 2, c = 3; return { f: () => { a = 2; --b }, g() { c ??= 1 } } }'
    expect(found(`const createA = () => ${kept}`)).toEqual(['a.ts: createA'])
    expect(found(`class B { createA() ${kept} }`)).toEqual(['a.ts: createA'])
    expect(found(`function work() ${kept}`)).toEqual([])
    expect(found('function createA() { let a = 1, b = 2, c = 3; a = 2; b = 3; c = 4; return a + b + c }')).toEqual([])
  })
})
