import { onTestFinished } from 'vitest'
import { MemoryStore, TcpFront, type Attempt, type LuaBuild } from '../../src/memory/index.js'
import { LUA_WASM } from './lua-5.4.generated.js'

/** What a server refuses, and in which words; null for what it runs. */
export type Quirk = (attempt: Attempt) => string | null

/** The Lua of Dragonfly. */
export const LUA_5_4: LuaBuild = { wasm: LUA_WASM, givesScoresAsNumbers: true }

/** Starts the memory server with the refusals of another one; gives its address. It ends after the test. */
export function startQuirkyServer(...quirks: readonly Quirk[]): Promise<string> {
  return start(quirks)
}

/** The same, with the Lua of Dragonfly. */
export function startLua54Server(...quirks: readonly Quirk[]): Promise<string> {
  return start(quirks, LUA_5_4)
}

async function start(quirks: readonly Quirk[], lua?: LuaBuild): Promise<string> {
  const refuse = (attempt: Attempt): string | null => {
    for (const quirk of quirks) {
      const words = quirk(attempt)
      if (words !== null) return words
    }
    return null
  }
  const front = new TcpFront(new MemoryStore(undefined, { refuse, lua }))
  const port = await front.listen(0)
  onTestFinished(() => front.close())
  return `redis://127.0.0.1:${port}`
}

/** A server that does not know some commands, or does not know them in scripts. */
export function without(names: readonly string[], where: 'anywhere' | 'scripts' = 'anywhere'): Quirk {
  return ({ name, declared }) => {
    if (!names.includes(name) || (where === 'scripts' && declared === null)) return null
    return declared === null ? `ERR unknown command '${name}'` : 'ERR Unknown Redis command called from script'
  }
}

/** Commands whose first argument is no key. */
const KEYLESS = ['time', 'publish', 'pubsub', 'scan', 'ping', 'info', 'select']

/** A server whose scripts use the keys that they declare, as a lock of each key needs it. */
export const declaredKeysOnly: Quirk = ({ name, args, declared }) => {
  if (declared === null || KEYLESS.includes(name) || declared.includes(args[0] ?? '')) return null
  return `ERR script tried accessing undeclared key '${args[0]}'`
}

/** A server whose scripts use keys of the hash tags that they declare, as a lock of each tag needs it. */
export const declaredTagsOnly: Quirk = ({ name, args, declared }) => {
  if (declared === null || KEYLESS.includes(name)) return null
  const tags = declared.map(tagOf)
  return tags.includes(tagOf(args[0] ?? '')) ? null : `ERR script tried accessing undeclared key '${args[0]}'`
}

function tagOf(key: string): string {
  return /\{([^}]+)\}/.exec(key)?.[1] ?? key
}
