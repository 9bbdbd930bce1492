import { join } from 'node:path'
import type { Plugin } from 'rolldown'

/** The text of a script in `generated.ts`. */
const SCRIPT_TEXT = /^ {4}text: (".*"),$/gm
/** A function or a constant of a script, at the beginning of a line, with the lines that belong to it. */
const PART =
  /^local (?:function [a-z_]+\([^\n]*?(?: end\n|\n(?:(?!end\n)[^\n]*\n)*?end\n)|[A-Z][A-Z_]+ = [^\n]*\n(?: [^\n]*\n)*)/gm
/** A shorter part is not longer than the variable that takes its place. */
const SHORTEST = 40

/** Writes each function that several Lua scripts hold once, and joins the scripts from them: a third of the text. */
export function shareScriptParts(sourceDir: string): Plugin {
  const generated = join(sourceDir, 'redis/scripts/generated.ts')
  return {
    name: 'share-script-parts',
    transform(code, id) {
      if (id !== generated) return null
      const parts = findParts([...code.matchAll(SCRIPT_TEXT)].map(([, text]) => JSON.parse(text!) as string))
      const texts = parts.map((part) => JSON.stringify(part))
      const joined = texts.reduce(
        (all, text, index) => all.replaceAll(text.slice(1, -1), () => `" + PART_${index} + "`),
        code,
      )
      const declarations = texts.map((text, index) => `const PART_${index} = ${text}`)
      return { code: `${declarations.join('\n')}\n${joined.replaceAll('"" + ', '')}`, moduleType: 'ts' }
    },
  }
}

/** The parts that several scripts hold, the longest first, so that none is taken out of the middle of another. */
function findParts(scripts: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const [part] of scripts.flatMap((script) => [...script.matchAll(PART)])) {
    counts.set(part, (counts.get(part) ?? 0) + 1)
  }
  return [...counts]
    .flatMap(([part, count]) => (count > 1 && part.length >= SHORTEST ? [part] : []))
    .sort((left, right) => right.length - left.length)
}
