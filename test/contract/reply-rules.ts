import ts from 'typescript'
import type { SourceFile } from '../support/sources.js'

/** The functions whose result is the reply of a script, with its type. */
const CALLS = ['runScript', 'runScriptOnBytes', 'runAcknowledged']
/** Parameters that the readers of replies have. */
const PARAMETERS = ['raw', 'reply']

/**
 * Finds casts that give the reply of a script another type than `ScriptReplies` names: of the call or of what is called, and of a
 * variable that holds the reply or a part of it, one line for each.
 */
export function findReplyCasts({ path, syntax }: SourceFile): string[] {
  const names = new Set(PARAMETERS)
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.initializer && isReply(node.initializer, names)) {
      for (const name of namesOf(node.name)) names.add(name)
    }
    if (isCast(node) && isReply(node.expression, names)) found.push(`${path}: ${node.getText().replace(/\s+/g, ' ')}`)
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}

function isCast(node: ts.Node): node is ts.AsExpression {
  return ts.isAsExpression(node) && node.type.getText() !== 'const'
}

/** Whether an expression is a reply, or a part that an index or a member picks out of one. */
function isReply(node: ts.Expression, names: ReadonlySet<string>): boolean {
  if (ts.isIdentifier(node)) return names.has(node.text) || CALLS.includes(node.text)
  if (ts.isCallExpression(node)) return ts.isIdentifier(node.expression) && CALLS.includes(node.expression.text)
  const isInner =
    ts.isAwaitExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isPropertyAccessExpression(node)
  return isInner && isReply(node.expression, names)
}

function namesOf(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text]
  return name.elements.flatMap((element) => (ts.isBindingElement(element) ? namesOf(element.name) : []))
}
