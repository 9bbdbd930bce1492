import ts from 'typescript'
import type { SourceFile } from '../support/sources.js'

/** A wait for what must happen is at least this long, ms: a machine that stalls for ten seconds does not end it. */
const SHORTEST_WAIT_MS = 20_000
/** Words of an expression that measures time. */
const TIME_WORDS =
  /[mM]s\b|_MS\b|[eE]lapsed|[sS]econds\b|At\b|[lL]ate(ness)?\b|\bat\b|[dD]uration|\.now\(|getTime\(|cpuUsage|hrtime/
const UPPER_BOUNDS = ['toBeLessThan', 'toBeLessThanOrEqual', 'toBeCloseTo']
const RUNNERS = ['it', 'test', 'describe', 'suite', 'setConfig']

/** What a rule found: one line for each offence. */
type Offences = string[]

/** Finds tests and groups of tests that are tried again when they fail. */
export function findRetries({ path, syntax }: SourceFile): Offences {
  return collect(syntax, (node) => {
    const isRetry =
      (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) && node.name.getText() === 'retry'
    const call = isRetry ? node.parent.parent : null
    const isOption = call !== null && ts.isCallExpression(call) && RUNNERS.includes(rootOf(call.expression))
    return isOption ? `${path}: ${call.arguments[0]!.getText()}` : null
  })
}

/** Finds upper bounds of a time that passed, `path: what is measured`: a busy machine exceeds each of them. */
export function findTimeBounds({ path, syntax }: SourceFile): Offences {
  return collect(syntax, (node) => {
    if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return null
    if (!UPPER_BOUNDS.includes(node.expression.name.text)) return null
    const measured = expectedOf(node.expression.expression)
    return measured !== null && TIME_WORDS.test(measured) ? `${path}: ${measured}` : null
  })
}

/** Finds waits that a stalled machine outlasts: of `waitFor`, `expect.poll`, `nextEvent`, and of a fleet's `next`. */
export function findShortWaits({ path, syntax }: SourceFile): Offences {
  return collect(syntax, (node) => {
    if (!ts.isCallExpression(node)) return null
    const ms = boundOf(node)
    return ms !== null && ms < SHORTEST_WAIT_MS
      ? `${path}: ${ms} ms for ${node.arguments[0]!.getText().slice(0, 40)}`
      : null
  })
}

/** The bound of a wait that its call states as a number, ms. */
function boundOf(call: ts.CallExpression): number | null {
  const name = ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : call.expression.getText()
  const last = call.arguments.at(-1)
  if (name === 'nextEvent' || name === 'next') return call.arguments.length > 2 ? numberOf(last) : null
  if (!['waitFor', 'poll'].includes(name) || last === undefined || !ts.isObjectLiteralExpression(last)) return null
  const bound = last.properties.find(({ name: field }) => /^timeout(Ms)?$/.test(field?.getText() ?? ''))
  return bound !== undefined && ts.isPropertyAssignment(bound) ? numberOf(bound.initializer) : null
}

function numberOf(node: ts.Expression | undefined): number | null {
  return node !== undefined && ts.isNumericLiteral(node) ? Number(node.text) : null
}

/** The first argument of the `expect` that a chain of matchers begins with. */
function expectedOf(node: ts.Expression): string | null {
  if (ts.isPropertyAccessExpression(node)) return expectedOf(node.expression)
  if (!ts.isCallExpression(node)) return null
  return node.expression.getText() === 'expect' ? (node.arguments[0]?.getText() ?? null) : expectedOf(node.expression)
}

/** `it` of `it.each(…)`, `vi.setConfig` as `setConfig`. */
function rootOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'setConfig' ? 'setConfig' : rootOf(node.expression)
  return ts.isCallExpression(node) ? rootOf(node.expression) : ''
}

function collect(syntax: ts.SourceFile, find: (node: ts.Node) => string | null): Offences {
  const found: Offences = []
  const visit = (node: ts.Node): void => {
    const offence = find(node)
    if (offence !== null) found.push(offence)
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}
