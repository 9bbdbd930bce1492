import { parse, type Identifier, type Node } from 'luaparse'

/** Names that Redis and Lua provide. */
const PROVIDED = new Set(
  'redis cjson KEYS ARGV string table math pairs ipairs next type tonumber tostring pcall error unpack'.split(' '),
)

/** A function of a Lua text. */
export interface LuaFunction {
  name: string
  /** How many lines it has, from `function` to `end`. */
  lines: number
  parameters: number
}

/** What the syntax of a Lua text says, without running it. */
export interface LuaSyntax {
  /** Names that the text uses and does not define; what Redis and Lua provide is not among them. */
  free: Set<string>
  /** Those of them that it assigns. */
  assigned: Set<string>
  /** Names that it defines at its top level. */
  defined: Set<string>
  functions: LuaFunction[]
}

/** Reads a Lua text. */
export function readLuaSyntax(text: string): LuaSyntax {
  const chunk = parse(text, { luaVersion: '5.1', scope: true, locations: true })
  const syntax: LuaSyntax = { free: new Set(), assigned: new Set(), defined: new Set(), functions: [] }
  for (const statement of chunk.body) {
    if (statement.type === 'LocalStatement') for (const { name } of statement.variables) syntax.defined.add(name)
    if (statement.type === 'FunctionDeclaration' && statement.isLocal) {
      syntax.defined.add((statement.identifier as Identifier).name)
    }
  }
  walk(chunk, (node) => {
    if (node.type === 'Identifier' && isFree(node)) syntax.free.add(node.name)
    if (node.type === 'AssignmentStatement') {
      for (const variable of node.variables) {
        if (variable.type === 'Identifier' && isFree(variable)) syntax.assigned.add(variable.name)
      }
    }
    if (node.type === 'FunctionDeclaration' && node.identifier) syntax.functions.push(describeFunction(node))
  })
  return syntax
}

function describeFunction(node: Node & { type: 'FunctionDeclaration' }): LuaFunction {
  const { identifier, parameters, loc } = node
  const name = identifier?.type === 'Identifier' ? identifier.name : (identifier?.identifier.name ?? '')
  return { name, parameters: parameters.length, lines: loc!.end.line - loc!.start.line + 1 }
}

/** Fields of tables are identifiers too, but of no scope. */
function isFree(identifier: Identifier & { isLocal?: boolean }): boolean {
  return identifier.isLocal === false && !PROVIDED.has(identifier.name)
}

function walk(node: Node, visit: (node: Node) => void): void {
  visit(node)
  for (const [key, value] of Object.entries(node)) {
    if (key === 'globals' || key === 'loc') continue
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) walk(child as Node, visit)
    }
  }
}
