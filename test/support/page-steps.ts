/** The steps that a page gives its reader, in order. */
export type PageStep =
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
  | { readonly kind: 'run'; readonly commands: readonly string[] }
  /** What the last command prints: each line somewhere behind the one before, `…` for any text. */
  | { readonly kind: 'shows'; readonly lines: readonly string[] }

/**
 * Takes the files and commands out of a page. A code block says behind its language what it is: `file=<path>`, `run` for
 * commands, one a line, `shows` for what the last command prints; other code blocks are left alone.
 */
export function readSteps(page: string): PageStep[] {
  return [...page.matchAll(/^```(\S+)([^\n]*)\n([\s\S]*?)^```$/gm)].flatMap(
    ([, , info = '', text = '']): PageStep[] => {
      const file = /^ file=(\S+)$/.exec(info)?.[1]
      if (file !== undefined) return [{ kind: 'file', path: file, text }]
      const lines = text.split('\n').filter((line) => line !== '')
      if (info === ' run') return [{ kind: 'run', commands: lines }]
      if (info === ' shows') return [{ kind: 'shows', lines }]
      return []
    },
  )
}

/** Gives what must appear in an output, as one expression. */
export function expressionOf(lines: readonly string[]): RegExp {
  const escaped = lines.map((line) =>
    line
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*'),
  )
  return new RegExp(escaped.join('[\\s\\S]*\\n?[\\s\\S]*'))
}
