// Makes a script create fewer functions: each takes Redis a third of a microsecond in every call, cold as a lone call is.

/** A function of one line that gives one value. */
const EXPRESSION = /^local function ([a-z_]+)\(([a-z_, ]*)\) return (.+) end\n/gm
/** What an expression may name beside its parameters, so that it means the same wherever it is written. */
const EVERYWHERE = new Set(['tag', 'redis', 'call', 'string', 'match', 'sub', 'format', 'math', 'floor', 'd'])

/** Writes the expression of a function of one line in the place of each call. The function itself is left, unused. */
export function inlineExpressions(text) {
  for (let before = null; before !== text;) {
    before = text
    text = inlineOnce(text)
  }
  return text
}

function inlineOnce(text) {
  for (const [block, name, list, expression] of text.matchAll(EXPRESSION)) {
    const parameters = list === '' ? [] : list.split(', ')
    const code = expression.replace(/'(?:[^'\\]|\\.)*'/g, "''")
    const names = code.match(/\b[a-zA-Z_]\w*/g) ?? []
    const isPure = names.every((word) => EVERYWHERE.has(word) || parameters.includes(word))
    const isOnce = parameters.every((parameter) => names.filter((word) => word === parameter).length <= 1)
    // The next pass looks again at a text into which another expression was written.
    if (!isPure || !isOnce || !text.includes(block)) continue
    text = text.replace(block, '\0')
    text = inlineCalls(text, name, (values) => {
      const inlined = expression.replace(/'(?:[^'\\]|\\.)*'|\b[a-z_]+\b/g, (word) => {
        const at = parameters.indexOf(word)
        return at < 0 ? word : asOperand(values[at])
      })
      return `(${inlined})`
    })
    text = text.replace('\0', () => block)
  }
  return text
}

/** An argument with operators of its own stays one operand of the expression that it is written into. */
function asOperand(value) {
  return /^(?:[\w.]+|'(?:[^'\\]|\\.)*')$/.test(value) ? value : `(${value})`
}

function inlineCalls(text, name, write) {
  const call = new RegExp(`(?<![\\w.])${name}\\(`, 'g')
  for (let found; (found = call.exec(text));) {
    const { values, end } = readArguments(text, call.lastIndex)
    const written = write(values)
    text = text.slice(0, found.index) + written + text.slice(end)
    call.lastIndex = found.index
  }
  return text
}

/** The arguments of a call, from behind its parenthesis, and where the call ends. */
function readArguments(text, start) {
  const values = []
  let [depth, from, at] = [0, start, start]
  for (; depth >= 0; at += 1) {
    const mark = text[at]
    if (mark === "'") at = endOfText(text, at)
    else if ('({['.includes(mark)) depth += 1
    else if (')}]'.includes(mark)) depth -= 1
    if (depth < 0 || (depth === 0 && mark === ',')) {
      const value = text.slice(from, at).trim()
      if (value !== '') values.push(value)
      from = at + 1
    }
  }
  return { values, end: at }
}

function endOfText(text, start) {
  let at = start + 1
  while (text[at] !== "'") at += text[at] === '\\' ? 2 : 1
  return at
}

const RARE = /^local function create_rare\(\)\n[\s\S]*?\nend\nlocal rare\n/m
const FIRST_LINE = 'local function create_rare()\n'

/** Moves functions and tables that only `create_rare` needs into it: few calls create them. */
export function sinkRareFunctions(text, ...patterns) {
  const rare = RARE.exec(text)
  if (!rare) return text
  const [head, tail] = [text.slice(0, rare.index), text.slice(rare.index + rare[0].length)]
  let moved = patterns
    .flatMap((pattern) => [...head.matchAll(pattern)])
    .sort((left, right) => left.index - right.index)
    .map(([block, name]) => ({ block, name }))
  for (let before = -1; before !== moved.length;) {
    before = moved.length
    const stays = moved.reduce((rest, { block }) => rest.replace(block, () => ''), head) + tail
    // `rarely().name` is what `create_rare` gives.
    moved = moved.filter(({ name }) => !new RegExp(`(?<!\\)\\.)\\b${name}\\b`).test(stays))
  }
  const rest = moved.reduce((left, { block }) => left.replace(block, () => ''), head)
  const body = rare[0].slice(FIRST_LINE.length)
  return rest + FIRST_LINE + moved.map(({ block }) => block).join('') + body + tail
}
