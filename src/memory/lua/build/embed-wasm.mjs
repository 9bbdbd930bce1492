import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'

// Writes a WebAssembly file as a module of text, so that sources, dist and bundlers all carry it without a file beside.
const [, , from, to, version] = process.argv
const wasm = readFileSync(from)
const packed = brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } })
const sha256 = createHash('sha256').update(wasm).digest('hex')
writeFileSync(
  to,
  `// Made by build/build.sh; not edited by hand. Lua ${version === '5.1' ? '5.1.5' : '5.4.4'} and lua-cjson 2.1.0, both MIT: see build/LICENSES.

/** SHA-256 of the WebAssembly file. */
export const LUA_SHA256 = '${sha256}'

/** The WebAssembly file, by Brotli and base64. */
export const LUA_WASM =
  '${packed.toString('base64')}'
`,
)
console.log(`${wasm.length} bytes of WebAssembly, ${packed.length} packed`)
