import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { ACL_CLUSTER_COMMANDS, ACL_COMMANDS, ACL_RESHARD_COMMANDS } from '../../../src/redis/acl.js'
import { readLuaFiles } from '../../support/lua-scripts.js'
import { redisVersion, useRedis } from '../../support/redis.js'
import { readSources } from '../../support/sources.js'

const OLDEST = '6.2.0'

/** What is newer and used all the same, and what happens where it is missing. */
const WITH_FALLBACK: Record<string, string> = {
  'cluster|shards': 'a right for newer clients of a Cluster; CLUSTER SLOTS answers the same',
}

const redis = useRedis()

/** A command as it is written in the sources: its name, and whatever is written in capitals behind it. */
interface Use {
  where: string
  command: string
  words: string[]
}

function usesInLua(): Use[] {
  return readLuaFiles().flatMap(({ path, text }) =>
    [...text.matchAll(/redis\.p?call\('([A-Z]+)'((?:[^()]|\([^()]*\))*)\)/g)].map(([, command = '', rest = '']) => ({
      where: path,
      command: command.toLowerCase(),
      words: [...rest.matchAll(/'([A-Z]+)'/g)].map(([, word]) => word!),
    })),
  )
}

/** Every method that is called and every `call('…')`: a name that is no command at all is not known to the server. */
function usesInTypeScript(): Use[] {
  return readSources().flatMap(({ path, syntax }) => {
    const uses: Use[] = []
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
        const method = node.expression.name.text
        const literals = node.arguments.flatMap((argument) => (ts.isStringLiteral(argument) ? [argument.text] : []))
        const [command = '', ...words] = method === 'call' ? literals : [method, ...literals]
        uses.push({ where: path, command: command.toLowerCase(), words: words.filter((word) => /^[A-Z]+$/.test(word)) })
      }
      ts.forEachChild(node, visit)
    }
    visit(syntax)
    return uses
  })
}

/** Since when the server has each command, `command|subcommand` and `command WORD`. */
async function readSince(): Promise<Map<string, string>> {
  const since = new Map<string, string>()
  const noteArguments = (command: string, list: unknown[], inherited: string): void => {
    for (const argument of list.map((flat) => toMap(flat as unknown[]))) {
      const from = (argument.get('since') as string | undefined) ?? inherited
      const token = argument.get('token') as string | undefined
      if (token) since.set(`${command} ${token}`, from)
      noteArguments(command, (argument.get('arguments') as unknown[] | undefined) ?? [], from)
    }
  }
  const noteCommands = (docs: unknown[]): void => {
    for (const [name, flat] of toMap(docs)) {
      const about = toMap(flat as unknown[])
      since.set(name, about.get('since') as string)
      noteArguments(name, (about.get('arguments') as unknown[] | undefined) ?? [], about.get('since') as string)
      noteCommands((about.get('subcommands') as unknown[] | undefined) ?? [])
    }
  }
  noteCommands((await redis.client.call('COMMAND', 'DOCS')) as unknown[])
  return since
}

function toMap(flat: readonly unknown[]): Map<string, unknown> {
  return new Map(flat.flatMap((name, index) => (index % 2 === 0 ? [[String(name), flat[index + 1]] as const] : [])))
}

function isNewer(version: string | undefined): boolean {
  return version !== undefined && version.localeCompare(OLDEST, 'en', { numeric: true }) > 0
}

describe('a server of version 6.2', () => {
  it('Redis 6.2 knows every command, subcommand and option that is sent, by the descriptions of newer servers', async (ctx) => {
    const version = await redisVersion(redis.client)
    ctx.skip(version < 7, `a server of version ${version} cannot tell since when it has what`)
    const since = await readSince()
    const uses = [...usesInLua(), ...usesInTypeScript()]
    const allowed = [...ACL_COMMANDS, ...ACL_RESHARD_COMMANDS, ...ACL_CLUSTER_COMMANDS]
    const known = uses.filter(({ command }) => since.has(command))
    // The sources were read, and the server's answer too.
    expect(new Set(known.map(({ command }) => command)).size).toBeGreaterThan(35)
    expect(since.get('xtrim MINID')).toBe('6.2.0')
    expect(since.get('pexpire NX')).toBe('7.0.0')
    const names = [
      ...allowed.map((command) => ({ where: 'acl.ts', name: command })),
      ...known.flatMap(({ where, command, words }) => [
        { where, name: command },
        ...words.flatMap((word) =>
          [`${command} ${word}`, `${command}|${word.toLowerCase()}`].map((name) => ({ where, name })),
        ),
      ]),
    ]
    const newer = names.filter(({ name }) => isNewer(since.get(name)) && WITH_FALLBACK[name] === undefined)
    expect(newer.map(({ where, name }) => `${where}: ${name}, since ${since.get(name)}`)).toEqual([])
  })
})
