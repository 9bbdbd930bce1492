import { matchesGlob } from '../data/glob.js'
import { dumpValue } from '../data/dump.js'
import { CommandError, OK, Pairs, Status, syntaxError, Waiting, type Reply } from '../store/reply.js'
import { parseInteger } from '../data/number-text.js'
import type { Call, CommandTable } from './command.js'

/** The version of Redis that the store imitates and reports to clients. */
export const MEMORY_REDIS_VERSION = '7.0.15'

function config({ host }: Call, [what, ...args]: readonly string[]): Reply {
  switch (what!.toLowerCase()) {
    case 'get':
      return new Pairs(
        host.settings
          .entries()
          .filter(([name]) => args.some((glob) => matchesGlob(glob.toLowerCase(), name)))
          .flat(),
      )
    case 'set':
      if (args.length === 0 || args.length % 2 === 1) {
        throw new CommandError("ERR wrong number of arguments for 'config|set' command")
      }
      for (let at = 0; at < args.length; at += 2) host.settings.set(args[at]!.toLowerCase(), args[at + 1]!)
      return OK
    case 'resetstat':
      host.stats.clear()
      return OK
    default:
      throw new CommandError(`ERR unknown subcommand '${what}'. Try CONFIG HELP.`)
  }
}

function flush({ host, session }: Call, [way, ...rest]: readonly string[], isAll: boolean): Reply {
  if (rest.length > 0 || (way !== undefined && !['sync', 'async'].includes(way.toLowerCase()))) throw syntaxError()
  host.flush(isAll ? 'all' : session.dbIndex)
  return OK
}

function memory({ db }: Call, [what, key]: readonly string[]): Reply {
  if (what!.toLowerCase() !== 'usage') throw new CommandError(`ERR unknown subcommand '${what}'. Try MEMORY HELP.`)
  const value = db.get(key ?? '')
  return value ? dumpValue(value).length : null
}

function wait({ isScript }: Call, [replicas, timeout]: readonly string[]): Reply {
  const [count, ms] = [parseInteger(replicas), parseInteger(timeout, 'ERR timeout is not an integer or out of range')]
  if (ms < 0) throw new CommandError('ERR timeout is negative')
  if (count <= 0 || isScript) return 0
  // The store has no replicas, so the answer is 0 after the time-out.
  return new Waiting(ms === 0 ? Number.POSITIVE_INFINITY : ms, 0)
}

function time({ nowMs }: Call): Reply {
  const micros = Math.floor(nowMs * 1000)
  return [String(Math.floor(micros / 1e6)), String(micros % 1e6)]
}

function unknown(parent: string): (call: Call, args: readonly string[]) => Reply {
  return (_call, [what]) => {
    throw new CommandError(`ERR unknown subcommand '${what}'. Try ${parent} HELP.`)
  }
}

/** Commands about the server. */
export const SERVER_COMMANDS: CommandTable = {
  info: {
    arity: -1,
    run: ({ host }, sections) => host.describe((sections[0] ?? 'default').toLowerCase()),
  },
  config: { arity: -2, isForbiddenInScripts: true, run: config },
  time: { arity: 1, run: time },
  flushall: { arity: -1, run: (call, args) => flush(call, args, true) },
  flushdb: { arity: -1, run: (call, args) => flush(call, args, false) },
  memory: { arity: -2, run: memory },
  wait: { arity: 3, isForbiddenInScripts: true, run: wait },
  role: { arity: 1, isForbiddenInScripts: true, run: () => ['master', 0, []] },
  lastsave: { arity: 1, run: ({ host }) => Math.floor(host.startedAt / 1000) },
  cluster: {
    arity: -2,
    run() {
      throw new CommandError('ERR This instance has cluster support disabled')
    },
  },
  command: {
    arity: -1,
    run(_call, [what]) {
      if (what === undefined || ['docs', 'info', 'list'].includes(what.toLowerCase())) return []
      return unknown('COMMAND')(_call, [what])
    },
  },
  acl: {
    arity: -2,
    isForbiddenInScripts: true,
    run: (call, [what]) => (what!.toLowerCase() === 'whoami' ? 'default' : unknown('ACL')(call, [what!])),
  },
  slowlog: { arity: -2, run: (_call, [what]) => (what!.toLowerCase() === 'len' ? 0 : []) },
  debug: {
    arity: -2,
    isForbiddenInScripts: true,
    run: (call, [what, first]) => {
      if (what!.toLowerCase() === 'sleep') return new Waiting(Number(first) * 1000, OK)
      return unknown('DEBUG')(call, [what!])
    },
  },
  monitor: {
    arity: 1,
    isForbiddenInScripts: true,
    run({ session }) {
      session.isMonitor = true
      return new Status('OK')
    },
  },
}
