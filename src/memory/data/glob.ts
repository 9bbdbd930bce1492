const cache = new Map<string, RegExp>()
const MOST_CACHED = 500

/** Whether text matches a pattern of Redis: `*`, `?`, `[a-c]`, `[^a]` and a backslash before a literal character. */
export function matchesGlob(pattern: string, text: string): boolean {
  if (pattern === '*') return true
  let compiled = cache.get(pattern)
  if (!compiled) {
    if (cache.size >= MOST_CACHED) cache.clear()
    compiled = new RegExp(`^${translate(pattern)}$`, 's')
    cache.set(pattern, compiled)
  }
  return compiled.test(text)
}

function translate(pattern: string): string {
  let source = ''
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at]!
    if (character === '*') {
      if (!source.endsWith('.*')) source += '.*'
    } else if (character === '?') source += '.'
    else if (character === '\\' && at + 1 < pattern.length) source += quote(pattern[(at += 1)]!)
    else if (character === '[') {
      const [part, end] = translateClass(pattern, at + 1)
      source += part
      at = end
    } else source += quote(character)
  }
  return source
}

/** The characters in brackets, and the index of their end; open brackets end with the pattern. */
function translateClass(pattern: string, start: number): [string, number] {
  let at = start
  const isNegated = pattern[at] === '^'
  if (isNegated) at += 1
  let inside = ''
  for (; at < pattern.length && pattern[at] !== ']'; at += 1) {
    if (pattern[at] === '\\' && at + 1 < pattern.length) inside += quote(pattern[(at += 1)]!)
    else if (pattern[at + 1] === '-' && at + 2 < pattern.length) {
      const [low, high] = [pattern[at]!, pattern[at + 2]!].sort()
      inside += `${quote(low!)}-${quote(high!)}`
      at += 2
    } else inside += quote(pattern[at]!)
  }
  if (inside === '') return [isNegated ? '.' : '(?!)', at]
  return [`[${isNegated ? '^' : ''}${inside}]`, at]
}

function quote(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&')
}
