import { parse, type CallExpression, type Expression, type Node } from 'luaparse'

/** Functions of the libraries that take a field of a state, and at which place. */
const FIELD_ARGUMENTS: Record<string, number> = { count_up: 1, set_field: 1, set_even_empty: 1, clear_field: 1 }

/** The fields of states that a Lua text reads or writes by name. */
export function listStateFields(text: string): string[] {
  const fields: string[] = []
  visit(parse(text, { luaVersion: '5.1' }), (call) => fields.push(...fieldsOf(call)))
  return fields.filter((field) => /^[a-z]+$/i.test(field))
}

function fieldsOf({ base, arguments: args }: CallExpression): string[] {
  if (base.type === 'Identifier') {
    const place = FIELD_ARGUMENTS[base.name]
    if (base.name === 'create_state_change') return args.flatMap(textOf)
    return place === undefined ? [] : textOf(args[place])
  }
  const [command, key, ...values] = args
  if (base.type !== 'MemberExpression' || !isState(key)) return []
  const [name] = textOf(command)
  if (name === 'HMGET' || name === 'HDEL' || name === 'HGET') return values.flatMap(textOf)
  return name === 'HSET' ? values.filter((_, index) => index % 2 === 0).flatMap(textOf) : []
}

function isState(key: Expression | undefined): boolean {
  if (key?.type === 'Identifier') return key.name === 'state'
  return key?.type === 'CallExpression' && key.base.type === 'Identifier' && key.base.name === 'state_key'
}

function textOf(expression: Expression | undefined): string[] {
  return expression?.type === 'StringLiteral' ? [expression.raw.slice(1, -1)] : []
}

function visit(node: Node, onCall: (call: CallExpression) => void): void {
  if (node.type === 'CallExpression') onCall(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof child === 'object' && child !== null && 'type' in child) visit(child as Node, onCall)
    }
  }
}
