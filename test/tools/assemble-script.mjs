// Assembles a script from its file and the files that it includes: what is sent to Redis.
import { readFileSync } from 'node:fs'
import { inlineExpressions, sinkRareFunctions } from './lighten-script.mjs'

/** Where the Lua files are. */
export const SCRIPT_FOLDER = new URL('../../src/redis/scripts/', import.meta.url)

const INCLUDE = /^-- @include (\S+)\n/gm
/** A function or a constant of a library, at the beginning of a line, with the lines that belong to it. */
const LOCAL_FUNCTION = /^local function ([a-z_]+)\([^\n]*?(?: end\n|\n(?:(?!end\n)[^\n]*\n)*?end\n)/gm
const LOCAL_CONSTANT = /^local ([A-Z][A-Z_]+) = [^\n]*\n(?: [^\n]*\n)*/gm

/**
 * The text of a script: includes in their places, without comments, and without functions and constants that this script
 * does not use. Each function that a script creates costs Redis a third of a microsecond per call.
 */
export function assembleScript(source) {
  const whole = source.replace(INCLUDE, (_, path) => readFileSync(new URL(path, SCRIPT_FOLDER), 'utf8'))
  const inlined = removeUnused(inlineExpressions(removeUnused(removeComments(whole))))
  return sinkRareFunctions(inlined, LOCAL_FUNCTION, LOCAL_CONSTANT)
}

function removeComments(text) {
  return text.replace(/^ *--.*\n/gm, '').replace(/\n{2,}/g, '\n')
}

function removeUnused(text) {
  for (let before = null; before !== text;) {
    before = text
    for (const pattern of [LOCAL_FUNCTION, LOCAL_CONSTANT]) {
      text = text.replace(pattern, (block, name) => {
        const uses = (where) => where.match(new RegExp(`\\b${name}\\b`, 'g'))?.length ?? 0
        return uses(text) === uses(block) ? '' : block
      })
    }
  }
  return text
}
