import { Document, isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import { EverybeatError } from '../index.js'

/** One document of a YAML stream: its value, and the line of each key of its top level and of `schedules`. */
export interface YamlDocument {
  /** The content as plain JavaScript data. */
  readonly value: unknown
  /** The document with its comments, for writing it back. */
  readonly document: Document.Parsed
  /** Line of the node at a path, from 1; null when there is none. */
  lineOf(path: readonly (string | number)[]): number | null
}

/**
 * Reads every document of a YAML stream; JSON is YAML too. Aliases are expanded at most 100 times.
 *
 * @param file name of the file, for messages
 * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION` with file, line, column and what is wrong
 */
export function parseYaml(text: string, file: string): YamlDocument[] {
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false })
  if ('empty' in documents) return []
  return documents.map((document) => {
    const [error] = document.errors
    if (error) {
      const { line, col } = lines.linePos(error.pos[0])
      throw wrongYaml(`${file}:${line}:${col}: ${error.message}`)
    }
    let value: unknown
    try {
      value = document.toJS({ maxAliasCount: 100 }) as unknown
    } catch (cause) {
      throw wrongYaml(`${file}: ${(cause as Error).message}`)
    }
    return { value, document, lineOf: (path) => lineOf(document, lines, path) }
  })
}

// YAML leaves these control characters and direction marks raw, and terminals and editors obey them.
const UNSAFE = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** A value as YAML text: keys in their order, long text unfolded, control characters as escapes. */
export function toYaml(value: unknown): string {
  return showDocument(new Document(value, { aliasDuplicateObjects: false }))
}

/** The text of a document, with its comments. */
export function showDocument(document: Document): string {
  visit(document, {
    Scalar(_, node) {
      // Only text in double quotes has escapes.
      if (typeof node.value === 'string' && node.value.search(UNSAFE) >= 0) node.type = 'QUOTE_DOUBLE'
    },
  })
  return escapeControls(document.toString({ lineWidth: 0 }))
}

/** Text in which control characters that JSON and quoted YAML leave raw are escapes, which both read back. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function wrongYaml(message: string): EverybeatError {
  return new EverybeatError('ERR_EVERYBEAT_DEFINITION', message)
}

function lineOf(document: Document, lines: LineCounter, path: readonly (string | number)[]): number | null {
  let node: unknown = document.contents
  let position: number | null = null
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === key)
      if (pair === undefined) return null
      position = isScalar(pair.key) ? (pair.key.range?.[0] ?? null) : null
      node = pair.value
    } else if (isSeq(node)) {
      node = node.items[Number(key)]
      position = isScalar(node) || isMap(node) || isSeq(node) ? (node.range?.[0] ?? null) : null
    } else return null
  }
  return position === null ? null : lines.linePos(position).line
}
