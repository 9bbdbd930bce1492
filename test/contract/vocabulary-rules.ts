import ts from 'typescript'
import type { SourceFile } from '../support/sources.js'

/**
 * Words that named something once and have another name now. Each is one part of an identifier in camel case or in snake
 * case, in lower case. Keys of Redis, stored fields and messages keep their words: those are texts, not identifiers.
 */
export const RETIRED_WORDS = [
  'amnesia',
  'census',
  'crew',
  'gatherer',
  'heal',
  'healed',
  'heals',
  'heir',
  'holdback',
  'launch',
  'ledger',
  'nap',
  'nudge',
  'rearm',
  'rehearsal',
  'rehearse',
  'survey',
  'tending',
  'troupe',
]

/** Words with which half a sentence begins: a title that begins so needs its `describe` to be understood. */
const HALF_SENTENCE =
  /^(is|are|was|has|have|does|do|of|that|and|also|when|while|as|may|can|will|would|never|gives|keeps|takes|leaves|says|tells|refuses|reads|holds|comes|goes|closes|shows|makes|sees|lets|knows|fails|aborts|stays|waits|stops|finds|sends|answers|removes|adds|returns|throws|accepts|rejects|begins|bounds|brings|carries|completes|copies|creates|describes|drains|escapes|exits|forgets|gets|grows|hears|imports|joins|kills|loads|loses|needs|opens|owes|passes|requires|resumes|serves|sets|signs|streams|touches|turns|uses|warns|from|to|behind|beside)\b/

/** What a rule found: one line for each offence. */
type Offences = string[]

/** Finds retired words in the identifiers that a file declares, and in its name. */
export function findRetiredWords({ path, syntax }: SourceFile): Offences {
  const found = new Set(retiredIn(path.replace(/\.[^/]*$/, '')).map((word) => `${path}: the file name says ${word}`))
  const visit = (node: ts.Node): void => {
    if (isDeclaredName(node)) {
      for (const word of retiredIn(node.text)) found.add(`${path}: ${node.text} says ${word}`)
    }
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return [...found]
}

/** Finds retired words in the names that a Lua text declares. */
export function findRetiredLuaWords(path: string, text: string): Offences {
  const code = text.replace(/--[^\n]*/g, '').replace(/'[^'\n]*'/g, "''")
  const names = [...code.matchAll(/\blocal\s+(?:function\s+)?([\w, ]+)/g)].flatMap(([, list]) => list!.split(','))
  return [
    ...new Set(names.flatMap((name) => retiredIn(name.trim()).map((word) => `${path}: ${name.trim()} says ${word}`))),
  ]
}

/** Finds retired words in the titles of tests. */
export function findRetiredTitles({ path, syntax }: SourceFile): Offences {
  return titlesOf(syntax).flatMap((title) => retiredIn(title).map((word) => `${path}: ${title} says ${word}`))
}

/** Finds titles of tests that are understood only behind the title of their group. */
export function findHalfTitles({ path, syntax }: SourceFile): Offences {
  return titlesOf(syntax)
    .filter((title) => HALF_SENTENCE.test(title.slice(1)))
    .map((title) => `${path}: ${title}`)
}

/** The titles of the tests of a file, in their quotation marks. */
function titlesOf(syntax: ts.SourceFile): string[] {
  const found: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && ['it', 'test'].includes(calleeOf(node.expression))) {
      const title = node.arguments[0]
      const isTitle = title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))
      if (isTitle) found.push(title.getText())
    }
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return found
}

function retiredIn(name: string): string[] {
  const parts = name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
  const joined = parts.join('')
  return RETIRED_WORDS.filter((word) => parts.includes(word) || joined === word)
}

function isDeclaredName(node: ts.Node): node is ts.Identifier {
  return (
    ts.isIdentifier(node) &&
    'name' in node.parent &&
    node.parent.name === node &&
    !ts.isPropertyAccessExpression(node.parent)
  )
}

/** `it` of `it`, `it.each(…)`, `it.skipIf(…).each(…)`. */
function calleeOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text
  if (ts.isPropertyAccessExpression(node) || ts.isCallExpression(node)) return calleeOf(node.expression)
  return ts.isTaggedTemplateExpression(node) ? calleeOf(node.tag) : ''
}
