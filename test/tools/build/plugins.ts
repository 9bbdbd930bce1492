import { dirname, relative } from 'node:path'
import type { Plugin } from 'rolldown'

/** Packages that a process loads when it first uses them: importing Everybeat costs none of them. */
export const LOADED_WHEN_USED = ['cron-parser', 'cronstrue', 'ioredis', 'luxon', 'redlock']

const LEASE_THREAD = 'redis/lease/lease-thread-main.cjs'

/** Turns `let luxon = require("luxon")` into a variable that requires the package when a member is first read. */
export function loadWhenUsed(): Plugin {
  const packages = LOADED_WHEN_USED.join('|')
  const pattern = new RegExp(
    `^let (\\S+) = require\\("(${packages})"\\);\\n(?:\\1 = (\\S*__toESM)\\(\\1, 1\\);\\n)?`,
    'gm',
  )
  const definition =
    'const loadWhenUsed = (load) => { let all; return new Proxy({}, { get: (_, name) => (all ??= load())[name] }); };\n'
  return {
    name: 'load-when-used',
    renderChunk(code) {
      const changed = code.replace(pattern, (_, variable: string, name: string, toEsm?: string) => {
        // A bundler may have put the package's ES modules there, whose default export is a member like any other.
        const load = toEsm === undefined ? `require("${name}")` : `${toEsm}(require("${name}"))`
        return `const ${variable} = loadWhenUsed(() => ${load});\n`
      })
      return { code: changed.replace(/^(?=const \S+ = loadWhenUsed)/m, definition) }
    },
  }
}

/** Gives the code the path of its lease thread, which depends on the file of the code. */
export function placeLeaseThread(): Plugin {
  return {
    name: 'place-lease-thread',
    renderChunk(code, { fileName }) {
      const path = relative(dirname(fileName), LEASE_THREAD)
      return {
        code: code.replaceAll(
          /\bEVERYBEAT_LEASE_THREAD\b/g,
          `(typeof __dirname === "string" ? \`\${__dirname}/${path}\` : null)`,
        ),
      }
    },
  }
}

/** Names that programs often declare in the banner of a bundle, and that a module at its top would declare again. */
const BANNER_NAMES = ['dirname', 'fileURLToPath', 'pathToFileURL']

/**
 * Fits the modules for bundles. A module has no address of its own there; what would lie beside it lies beside the
 * program. Imports for the sake of their effects are dropped: no module has effects, and bundlers would warn at each.
 */
export function fitIntoBundles(): Plugin {
  return {
    name: 'fit-into-bundles',
    renderChunk(code) {
      let changed = code
        .replaceAll(/\bEVERYBEAT_LEASE_THREAD\b/g, 'null')
        .replaceAll(/^import "\.[^"]*";\n/gm, '')
        .replace(
          /^import \{ createRequire \} from "node:module";\n/m,
          'const requireFrom = (address) => process.getBuiltinModule("node:module").createRequire(address);\n',
        )
        .replaceAll(/(?<![.\w])createRequire\(import\.meta\.url\)/g, 'requireFrom(process.argv[1] ?? process.execPath)')
      for (const name of BANNER_NAMES) {
        if (!new RegExp(`^import \\{[^}]*\\b${name}\\b`, 'm').test(changed)) continue
        changed = changed
          .replace(new RegExp(`^(import \\{[^}]*\\b${name})\\b`, 'm'), `$1 as ${name}Of`)
          .replaceAll(new RegExp(`(?<![.\\w])${name}\\(`, 'g'), `${name}Of(`)
      }
      return { code: changed.replaceAll('import.meta.url', 'undefined') }
    },
  }
}
