import { toErrorData } from './events.js'

/** Causes of causes that a description follows. */
const MAX_CAUSES = 5
/** Longest part of a description for stacks and causes, characters: a history holds many of them. */
const MAX_DETAIL_LENGTH = 2_048

/**
 * Describes an error as text: first `name: message`, then the lines of its stack, then its causes in the same form,
 * each after `Caused by: `. Never throws, for any thrown value.
 *
 * @param maxLength the longest description, characters; what is cut off is marked by `…`
 */
export function describeError(error: unknown, maxLength: number): string {
  const { name, message } = toErrorData(error)
  const head = cut(`${name}: ${message}`, maxLength)
  return head + cut(detailsOf(error), Math.min(MAX_DETAIL_LENGTH, maxLength - head.length))
}

/**
 * Separates a description into the text of the error alone, and the whole text with stack and causes, if it has any.
 */
export function splitDescription(text: string): { error: string; stack?: string } {
  const end = /\n(?: {4}at |Caused by: )/.exec(text)?.index
  return end === undefined ? { error: text } : { error: text.slice(0, end), stack: text }
}

function detailsOf(error: unknown): string {
  let details = ''
  try {
    for (let one = error, depth = 0; one instanceof Error && depth <= MAX_CAUSES; depth += 1) {
      if (depth > 0) details += `\nCaused by: ${one.name}: ${one.message}`
      for (const frame of framesOf(one)) details += `\n    ${frame}`
      one = one.cause
      if (one !== undefined && !(one instanceof Error)) details += `\nCaused by: ${toErrorData(one).message}`
    }
  } catch {
    return details
  }
  return details
}

/** The frames of the stack up to the call of the handler, without the frames of the engine. */
function framesOf({ stack = '' }: Error): string[] {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  const end = frames.findIndex((frame) => /\bsettleHandler\b/.test(frame))
  return frames.slice(0, end < 0 ? undefined : end).map((frame) => frame.trim())
}

function cut(text: string, length: number): string {
  if (text.length <= length) return text
  return length <= 0 ? '' : `${text.slice(0, length - 1)}…`
}
