import { isInteger } from '../data/number-text.js'
import { CommandError, OK, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'

function split(words: readonly string[]): { keys: readonly string[]; args: readonly string[] } {
  if (!isInteger(words[0]!)) throw new CommandError('ERR value is not an integer or out of range')
  const count = Number(words[0])
  if (count > words.length - 1) throw new CommandError("ERR Number of keys can't be greater than number of args")
  if (count < 0) throw new CommandError("ERR Number of keys can't be negative")
  return { keys: words.slice(1, 1 + count), args: words.slice(1 + count) }
}

function evaluate(call: Call, [text, ...words]: readonly string[]): Reply {
  const { keys, args } = split(words)
  return call.host.runScript(call, call.host.loadScript(text!), keys, args)
}

function evaluateBySha(call: Call, [sha1, ...words]: readonly string[]): Reply {
  const { keys, args } = split(words)
  const name = sha1!.toLowerCase()
  if (!call.host.hasScript(name)) throw new CommandError('NOSCRIPT No matching script. Please use EVAL.')
  return call.host.runScript(call, name, keys, args)
}

function manage({ host }: Call, [what, ...args]: readonly string[]): Reply {
  switch (what!.toLowerCase()) {
    case 'load':
      return host.loadScript(args[0] ?? '')
    case 'exists':
      return args.map((sha1) => (host.hasScript(sha1.toLowerCase()) ? 1 : 0))
    case 'flush':
      host.forgetScripts()
      return OK
    case 'kill':
      throw new CommandError('NOTBUSY No scripts in execution right now.')
    default:
      throw new CommandError(`ERR unknown subcommand '${what}'. Try SCRIPT HELP.`)
  }
}

/** Commands about Lua scripts. */
export const SCRIPTING_COMMANDS: CommandTable = {
  eval: { arity: -3, isForbiddenInScripts: true, run: evaluate },
  evalsha: { arity: -3, isForbiddenInScripts: true, run: evaluateBySha },
  eval_ro: { arity: -3, isForbiddenInScripts: true, run: evaluate },
  evalsha_ro: { arity: -3, isForbiddenInScripts: true, run: evaluateBySha },
  script: { arity: -2, isForbiddenInScripts: true, run: manage },
}
