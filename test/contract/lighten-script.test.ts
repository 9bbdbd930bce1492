import { describe, expect, it } from 'vitest'
import { SCRIPTS } from '../../src/redis/scripts/generated.js'
import { inlineExpressions, sinkRareFunctions } from '../tools/lighten-script.mjs'

const LOCAL_CONSTANT = /^local ([A-Z][A-Z_]+) = [^\n]*\n(?: [^\n]*\n)*/gm
const LOCAL_FUNCTION = /^local function ([a-z_]+)\([^\n]*?(?: end\n|\n(?:(?!end\n)[^\n]*\n)*?end\n)/gm

describe('a script that is made lighter', () => {
  it('a script that is made lighter has the expression of a one-line function in the place of each call', () => {
    const text = [
      "local function state_key(name) return tag .. ':state:' .. name end\n",
      "redis.call('GET', state_key(name_of(run, 'a, (b')))\n",
      'note(state_key)\n',
    ].join('')
    const [definition, ...uses] = inlineExpressions(text).split('\n')
    expect(definition).toBe(text.split('\n')[0])
    // A function that is handed on as a value is still called there.
    expect(uses).toEqual(["redis.call('GET', (tag .. ':state:' .. (name_of(run, 'a, (b'))))", 'note(state_key)', ''])
  })

  it('an argument with operators stays one operand of the expression of a one-line function', () => {
    const text = 'local function minute_of(at) return math.floor(at / 60000) end\nlook(minute_of(now or read_now()))\n'
    expect(inlineExpressions(text).split('\n')[1]).toBe('look((math.floor((now or read_now()) / 60000)))')
  })

  it.each([
    [
      'takes a parameter twice, which may be a call',
      'local function twice(name) return name .. name end\n',
      'twice(read())\n',
    ],
    ['names what may mean something else elsewhere', 'local function due_in(ms) return now + ms end\n', 'due_in(5)\n'],
  ])('a script that is made lighter keeps a function that %s', (_what, definition, use) => {
    expect(inlineExpressions(definition + use)).toBe(definition + use)
  })

  it('a script that is made lighter creates the functions of its rare paths when it takes the first of them', () => {
    const common = 'local function common()\n  return 1\nend\n'
    const deep = 'local function deep()\n  return common()\nend\n'
    const seldom = 'local function seldom()\n  return deep()\nend\n'
    const rare = 'local function create_rare()\n  return { seldom = seldom }\nend\nlocal rare\n'
    const rest = 'return common()\n'
    expect(sinkRareFunctions(common + deep + seldom + rare + rest, LOCAL_FUNCTION)).toBe(
      `${common}local function create_rare()\n${deep}${seldom}  return { seldom = seldom }\nend\nlocal rare\n${rest}`,
    )
  })

  it('a script that is made lighter moves a table of its rare paths, and functions that other paths call by `rarely()` alone', () => {
    const table = "local LETTERS = { worker = 'w' }\n"
    const seldom = 'local function seldom()\n  return LETTERS\nend\n'
    const rare = 'local function create_rare()\n  return { seldom = seldom }\nend\nlocal rare\n'
    const rest = 'return rarely().seldom()\n'
    expect(sinkRareFunctions(table + seldom + rare + rest, LOCAL_FUNCTION, LOCAL_CONSTANT)).toBe(
      `local function create_rare()\n${table}${seldom}  return { seldom = seldom }\nend\nlocal rare\n${rest}`,
    )
  })

  it.each([
    ['claim-due', 28],
    ['settle-runs', 28],
  ] as const)('a script that is made lighter, %s, creates at most %d functions in an ordinary call', (name, most) => {
    const ordinary = SCRIPTS[name].text.replace(/^local function create_rare\(\)\n[\s\S]*?\nend\nlocal rare\n/m, '')
    expect(ordinary.match(/\bfunction\b/g)!.length).toBeLessThanOrEqual(most)
  })
})
