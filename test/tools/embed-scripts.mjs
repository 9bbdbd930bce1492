// Embeds src/redis/scripts/*.lua into a committed module, so that src, dist and bundlers share one text, and derives a
// typed descriptor from each header. `--check` fails when the module is stale or a header and its code differ.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { assembleScript, SCRIPT_FOLDER as folder } from './assemble-script.mjs'

const target = new URL('generated.ts', folder)

function section(file, header, title, next) {
  const match = header.match(new RegExp(`^-- ${title}\\n((?:--   .*\\n)+)(?=-- ${next})`, 'm'))
  if (!match) throw new Error(`${file}: the header has no ${title} section before ${next}`)
  return match[1]
    .split('\n')
    .map((line) => line.match(/^-- {3}(\S+)\s+(\S.*)$/))
    .filter((found) => found && /^[a-z_]+$/.test(found[1]))
    .filter((found) => !continuesLine(found[0]))
    .map((found) => ({ name: found[1], about: found[2] }))
}

// A line indented further than a name is the continuation of the one before.
function continuesLine(line) {
  return /^-- {4,}/.test(line)
}

function describe(file, text) {
  const header = text.slice(0, text.search(/^local /m))
  if (!/^-- [A-Z].*[.:]\n--\n/.test(header)) throw new Error(`${file}: begins with one sentence and an empty line`)
  if (!/^-- Guarantee: /m.test(header)) throw new Error(`${file}: the header states no guarantee`)
  const keys = section(file, header, 'KEYS', 'ARGV')
  const args = section(file, header, 'ARGV', 'REPLY')
  const rest = args.at(-1).about.startsWith('text…') || args.at(-1).about.startsWith('epoch ms…') ? args.pop() : null
  const names = (list) => list.map(({ name }) => name).join(', ')
  const code = text.slice(header.length).replace(/\n {2}/g, ' ')
  const unpackArgs = rest ? `unpack(ARGV, 1, ${args.length})` : 'unpack(ARGV)'
  const expected = [`local ${names(keys)} = unpack(KEYS)\n`, `local ${names(args)} = ${unpackArgs}\n`]
  if (rest) {
    expected.push('-- @include lib/arguments.lua\n', `local ${rest.name} = rest_of(ARGV, ${args.length + 1})\n`)
  }
  if (!code.startsWith(expected.join(''))) {
    throw new Error(`${file}: the first lines must unpack what the header names:\n${expected.join('')}`)
  }
  return { keys: keys.map(({ name }) => name), args: args.map(({ name }) => name), rest: rest?.name ?? null }
}

function build() {
  const files = readdirSync(folder).filter((name) => name.endsWith('.lua'))
  const entries = files.sort().map((file) => {
    const source = readFileSync(new URL(file, folder), 'utf8')
    const descriptor = describe(file, source)
    const text = assembleScript(source)
    const sha1 = createHash('sha1').update(text).digest('hex')
    const list = (names) => `[${names.map((name) => `'${name}'`).join(', ')}]`
    return [
      `  '${file.replace(/\.lua$/, '')}': {`,
      `    keys: ${list(descriptor.keys)},`,
      `    args: ${list(descriptor.args)},`,
      `    rest: ${descriptor.rest ? `'${descriptor.rest}'` : 'null'},`,
      `    sha1: '${sha1}',`,
      `    text: ${JSON.stringify(text)},`,
      '  },',
    ].join('\n')
  })
  return `// Made by test/tools/embed-scripts.mjs from the .lua files beside it. Do not edit.\nexport const SCRIPTS = {\n${entries.join('\n')}\n} as const\n`
}

const made = build()
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== made) {
    console.error(`${fileURLToPath(target)} is stale: run npm run embed`)
    process.exit(1)
  }
} else {
  writeFileSync(target, made)
}
