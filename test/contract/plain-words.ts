import ts from 'typescript'
import type { SourceFile } from '../support/sources.js'

/** Words that name nothing: a subject without a name, and verbs that say no more than that a thing exists. */
const EMPTY_WORDS = /\b(nobody|somebody|anybody|whoever|stands|comes up|what goes|what stood)\b/i

/** What a rule found: one line for each offence. */
type Offences = string[]

/** Finds empty words in the comments of a TypeScript or Lua text. */
export function findInComments(path: string, text: string): Offences {
  const comments = text.split('\n').map((line) => /(?:^\s*(?:\/\*\*?|\*|--)| \/\/|^\/\/)(.*)$/.exec(line)?.[1] ?? '')
  return report(path, comments)
}

/** Finds empty words in the texts that a file has for people: messages, advice, names of tests. */
export function findInTexts({ path, syntax }: SourceFile): Offences {
  const texts: string[] = []
  const visit = (node: ts.Node): void => {
    const isText = ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)
    // A text of several words is a sentence, one of a single word is a value.
    if (isText && node.getText().includes(' ')) texts.push(node.getText())
    ts.forEachChild(node, visit)
  }
  visit(syntax)
  return report(path, texts)
}

/** Finds empty words in the titles of the tests of a file, and of their groups. */
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
  return report(path, titles)
}

/** Finds empty words in the prose of a page: its code and the words that it quotes are left out. */
export function findInPage(path: string, page: string): Offences {
  const prose = page
    .replace(/^```[\s\S]*?^```$/gm, '')
    .replace(/`[^`\n]*`/g, '')
    .replace(/"[^"\n]*"/g, '')
  return report(path, prose.split('\n'))
}

function report(path: string, texts: readonly string[]): Offences {
  return texts.filter((text) => EMPTY_WORDS.test(text)).map((text) => `${path}: ${text.trim()}`)
}
