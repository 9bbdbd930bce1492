import { matchesGlob } from '../data/glob.js'
import { CommandError, Pairs, Several, type Reply } from '../store/reply.js'
import type { Session } from '../store/session.js'
import type { Call, CommandTable } from './command.js'

type Kind = 'channels' | 'patterns' | 'shardChannels'

const VERBS = {
  channels: ['subscribe', 'unsubscribe'],
  patterns: ['psubscribe', 'punsubscribe'],
  shardChannels: ['ssubscribe', 'sunsubscribe'],
} as const

function count(session: Session, kind: Kind): number {
  return kind === 'shardChannels' ? session.shardChannels.size : session.subscriptionCount
}

function subscribe({ session }: Call, names: readonly string[], kind: Kind): Reply {
  const replies = names.map((name): Reply[] => {
    session[kind].add(name)
    return [VERBS[kind][0], name, count(session, kind)]
  })
  return new Several(replies)
}

function unsubscribe({ session }: Call, names: readonly string[], kind: Kind): Reply {
  const leaving = names.length > 0 ? names : [...session[kind]]
  const replies = leaving.map((name): Reply[] => {
    session[kind].delete(name)
    return [VERBS[kind][1], name, count(session, kind)]
  })
  if (replies.length === 0) replies.push([VERBS[kind][1], null, count(session, kind)])
  return new Several(replies)
}

function describe({ host }: Call, [what, ...names]: readonly string[]): Reply {
  const sessions = [...host.sessions.values()]
  const listening = (kind: Kind, name: string) => sessions.filter((session) => session[kind].has(name)).length
  const active = (kind: Kind) => [...new Set(sessions.flatMap((session) => [...session[kind]]))]
  const matching = (all: string[]) => all.filter((name) => names.length === 0 || matchesGlob(names[0]!, name))
  switch (what!.toLowerCase()) {
    case 'numsub':
      return new Pairs(names.flatMap((name) => [name, listening('channels', name)]))
    case 'shardnumsub':
      return new Pairs(names.flatMap((name) => [name, listening('shardChannels', name)]))
    case 'channels':
      return matching(active('channels'))
    case 'shardchannels':
      return matching(active('shardChannels'))
    case 'numpat':
      return active('patterns').length
    default:
      throw new CommandError(`ERR unknown subcommand '${what}'. Try PUBSUB HELP.`)
  }
}

const LISTENING = { isForbiddenInScripts: true, isForSubscribers: true }

/** Commands about channels. */
export const PUB_SUB_COMMANDS: CommandTable = {
  publish: { arity: 3, run: ({ host }, [channel, message]) => host.publish(channel!, message!, 'channel') },
  spublish: { arity: 3, run: ({ host }, [channel, message]) => host.publish(channel!, message!, 'shard') },
  pubsub: { arity: -2, run: describe },
  subscribe: { ...LISTENING, arity: -2, run: (call, names) => subscribe(call, names, 'channels') },
  psubscribe: { ...LISTENING, arity: -2, run: (call, names) => subscribe(call, names, 'patterns') },
  ssubscribe: { ...LISTENING, arity: -2, run: (call, names) => subscribe(call, names, 'shardChannels') },
  unsubscribe: { ...LISTENING, arity: -1, run: (call, names) => unsubscribe(call, names, 'channels') },
  punsubscribe: { ...LISTENING, arity: -1, run: (call, names) => unsubscribe(call, names, 'patterns') },
  sunsubscribe: { ...LISTENING, arity: -1, run: (call, names) => unsubscribe(call, names, 'shardChannels') },
}
