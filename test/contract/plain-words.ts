import ts from 'typescript'
import type { SourceFile } from '../support/sources.js'

/** Words that name nothing: a subject without a name, and verbs that say no more than that a thing exists. */
const EMPTY_WORDS = /\b(nobody|somebody|anybody|whoever|stands|comes up|what goes|what stood)\b/i

/**
 * Paraphrases of words that the vocabulary defines, and phrases of which a person who sees a page for the first time cannot
 * tell what they speak of.
 */
const RIDDLES =
  /\b(everybody|everyone|meanwhile|beside itself|as it is|is there|are there|by hand|(?:left|leaves?) out|made? up for|come[sn]? due|came due|runs? that goe?s?|goe?s? now|(?:run|one)s? before (?:it|that)|the one that|nothing (?:comes|more)|stands? here)\b/i

/**
 * Riddles in the prose of a page: idioms that stand for a defined word ("by hand" for a manual run or a live edit, "goes on"
 * for a run that continues, "heals" for the end of a quarantine), and phrases without a named subject.
 */
const PAGE_RIDDLES =
  /\b(everybody|everyone|anyone|someone|those who|whichever|meanwhile|beside itself|in good order|as it is(?! \w+ed\b)|(?:is|are) there|by hand|(?:left|leaves?) (?:out|alone)|ma(?:de|kes?) up for|come[sn]? (?:due|back)|came (?:due|back)|runs? that goe?s?|goe?s? (?:on|now)|(?:run|one)s? before (?:it|that)|the one that|nothing comes|hears? of|told|ledger|heal(?:s|ed)?|anew|what (?:was|comes|came|goes|went|ran|runs|they))\b/gi

/** Idioms in the titles of tests that stand for a defined word or name no subject. */
const TITLE_RIDDLES =
  /\b(told|anew|by hand|gone|go(?:es)? on|(?:is|are) there|meanwhile|in vain|what (?:goes|was)|as it is|comes? (?:back|due)|left out|made up for|the one that|hears? of|those who)\b/i

/** What a rule found: one line for each offence. */
type Offences = string[]

/** Finds empty words in the comments of a TypeScript or Lua text. */
export function findInComments(path: string, text: string): Offences {
  const comments = text.split('\n').map((line) => /(?:^\s*(?:\/\*\*?|\*|--)| \/\/|^\/\/)(.*)$/.exec(line)?.[1] ?? '')
  return report(path, comments)
}

/** Finds empty words in the texts that a file has for people: messages, advice, names of tests. */
export function findInTexts(file: SourceFile): Offences {
  return report(file.path, textsOf(file))
}

/**
 * Finds empty words and riddles in the texts that a page of the dashboard shows: between its tags, in their attributes, in
 * its messages. A page may say "somebody" of a person whom it does not know.
 */
export function findInShownTexts(file: SourceFile): Offences {
  const texts = textsOf(file).map((text) => text.replace(/\s+/g, ' '))
  const named = texts.map((text) => text.replace(/\bsomebody\b/gi, ''))
  return [...new Set([...report(file.path, named), ...report(file.path, texts, RIDDLES)])]
}

/** The texts of several words in a file: one of several words is a sentence, one of a single word is a value. */
function textsOf({ syntax }: SourceFile): string[] {
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node) || ts.isJsxText(node)
    if (isText && node.getText().trim().includes(' ')) texts.push(node.getText())
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return texts
}

/** Finds empty words and riddles in the titles of the tests of a file, and of their groups. */
export function findInTitles({ path, syntax }: SourceFile): Offences {
  const titles: string[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^(it|test|describe)\b/.test(node.expression.getText())) {
      const title = node.arguments[0]
      if (title !== undefined && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title)))
        titles.push(title.getText())
    }
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return [...new Set([...report(path, titles), ...report(path, titles, TITLE_RIDDLES)])]
}

/** Finds empty words in the prose of a page. */
export function findInPage(path: string, page: string): Offences {
  return report(path, proseOf(page).split('\n'))
}

/** Finds riddles in the prose of a page, also where one spans two lines: each with the words around it. */
export function findRiddlesInPage(path: string, page: string): Offences {
  const blocks = proseOf(page).split(/\n(?=\s*(?:\n|[-|#>]|\d+\.))/)
  return blocks.flatMap((block) => {
    const text = block.replace(/\s+/g, ' ')
    return [...text.matchAll(PAGE_RIDDLES)].map(({ 0: riddle, index }) => {
      const words = text.slice(Math.max(0, index - 40), index + riddle.length + 20)
      return `${path}: ${riddle}: ${words.trim()}`
    })
  })
}

/** A page without its code, the words that it quotes and the targets of its links. */
function proseOf(page: string): string {
  return page
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/["“][^"”\n]*["”]/g, '')
    .replace(/\]\([^)\n]*\)/g, ']')
}

function report(path: string, texts: readonly string[], words = EMPTY_WORDS): Offences {
  return texts.filter((text) => words.test(text)).map((text) => `${path}: ${text.trim()}`)
}
