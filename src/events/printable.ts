/**
 * Control characters, and the characters that change the direction of text: in a terminal or a log they could hide text,
 * or write lines that were never logged.
 */
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** Text on one line for logs and terminals: characters that are no text are shown as `\n`, `\t` or `\u{…}`. */
export function toPrintable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (character === '\n') return '\\n'
    if (character === '\t') return '\\t'
    return `\\u{${character.codePointAt(0)!.toString(16)}}`
  })
}
