import { isInteger, parseInteger } from '../data/number-text.js'
import { CommandError, OK, Pairs, Status, syntaxError, type Reply } from '../store/reply.js'
import type { Session, Tracking } from '../store/session.js'
import type { Call, CommandTable } from './command.js'
import { MEMORY_REDIS_VERSION } from './server.js'

function greet(call: Call, [version, ...options]: readonly string[]): Reply {
  const { session } = call
  if (version !== undefined) {
    if (!isInteger(version)) throw new CommandError('ERR Protocol version is not an integer or out of range')
    if (version !== '2' && version !== '3') throw new CommandError('NOPROTO unsupported protocol version')
  }
  for (let at = 0; at < options.length; at += 1) {
    const name = options[at]!.toLowerCase()
    if (name === 'auth' && at + 2 < options.length) {
      authenticate(call, options.slice(at + 1, at + 3))
      at += 2
    } else if (name === 'setname' && at + 1 < options.length) setName(session, options[(at += 1)]!)
    else throw new CommandError(`ERR Syntax error in HELLO option '${options[at]}'`)
  }
  if (!session.isAuthenticated) {
    throw new CommandError(
      'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    )
  }
  if (version !== undefined) session.protocol = version === '3' ? 3 : 2
  const facts: Reply[] = ['server', 'redis', 'version', MEMORY_REDIS_VERSION, 'proto', session.protocol]
  facts.push('id', session.id, 'mode', 'standalone', 'role', 'master', 'modules', [])
  return new Pairs(facts)
}

function authenticate({ host, session }: Call, words: readonly string[]): Reply {
  if (words.length > 2) throw syntaxError()
  const wanted = host.settings.get('requirepass')
  if (words.length === 1 && wanted === '') {
    throw new CommandError(
      'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    )
  }
  const isDefault = words.length === 1 || words[0] === 'default'
  if (!isDefault || (wanted !== '' && words.at(-1) !== wanted)) {
    throw new CommandError('WRONGPASS invalid username-password pair or user is disabled.')
  }
  session.isAuthenticated = true
  return OK
}

function setName(session: Session, name: string): Reply {
  if (/[^!-~]/.test(name)) {
    throw new CommandError('ERR Client names cannot contain spaces, newlines or special characters.')
  }
  session.name = name
  return OK
}

function track({ host, session }: Call, [turn, ...options]: readonly string[]): Reply {
  const word = turn?.toLowerCase()
  if (word === 'off') {
    session.tracking = null
    return OK
  }
  if (word !== 'on') throw syntaxError()
  const prefixes: string[] = []
  let [redirect, isBroadcast, isDeafToItself] = [0, false, false]
  for (let at = 0; at < options.length; at += 1) {
    const name = options[at]!.toLowerCase()
    if (name === 'redirect') redirect = parseInteger(options[(at += 1)])
    else if (name === 'prefix') prefixes.push(options[(at += 1)] ?? '')
    else if (name === 'bcast') isBroadcast = true
    else if (name === 'noloop') isDeafToItself = true
    else throw syntaxError()
  }
  if (redirect !== 0 && !host.sessions.has(redirect)) {
    throw new CommandError('ERR The client ID you want redirect to does not exist')
  }
  if (!isBroadcast && prefixes.length > 0) {
    throw new CommandError('ERR PREFIX option requires BCAST mode to be enabled')
  }
  if (!isBroadcast) throw new CommandError('ERR CLIENT TRACKING without BCAST is not there in the memory store')
  refuseOverlap([...(session.tracking?.prefixes ?? []), ...prefixes])
  const kept = session.tracking?.prefixes ?? []
  const all = prefixes.length > 0 ? [...kept, ...prefixes] : kept.length > 0 ? kept : ['']
  session.tracking = { redirect, prefixes: all, isDeafToItself } satisfies Tracking
  return OK
}

function refuseOverlap(prefixes: readonly string[]): void {
  for (const [index, prefix] of prefixes.entries()) {
    const other = prefixes.find((each, at) => at > index && (each.startsWith(prefix) || prefix.startsWith(each)))
    if (other === undefined) continue
    throw new CommandError(
      `ERR Prefix '${other}' overlaps with an existing prefix '${prefix}'. Prefixes for a single client must not overlap.`,
    )
  }
}

/** One line of `CLIENT LIST`. */
function describeSession(session: Session, nowMs: number): string {
  const facts = {
    id: session.id,
    addr: session.address,
    laddr: 'memory',
    fd: session.id,
    name: session.name,
    age: Math.floor((nowMs - session.connectedAt) / 1000),
    idle: 0,
    flags: session.tracking ? 't' : session.subscriptionCount > 0 ? 'P' : 'N',
    db: session.dbIndex,
    sub: session.channels.size,
    psub: session.patterns.size,
    ssub: session.shardChannels.size,
    multi: session.queue?.length ?? -1,
    cmd: session.lastCommand,
    user: 'default',
    redir: session.tracking?.redirect ?? -1,
    resp: session.protocol,
    'lib-name': session.library.name,
    'lib-ver': session.library.version,
  }
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

function kill({ host, session }: Call, options: readonly string[]): Reply {
  const isOldForm = options.length === 1
  const wanted = new Map<string, string>()
  if (isOldForm) wanted.set('addr', options[0]!)
  for (let at = 0; !isOldForm && at < options.length; at += 2) {
    if (options[at + 1] === undefined) throw syntaxError()
    wanted.set(options[at]!.toLowerCase(), options[at + 1]!)
  }
  const sparesSelf = (wanted.get('skipme') ?? 'yes').toLowerCase() === 'yes' && !isOldForm
  const chosen = [...host.sessions.values()].filter((each) => {
    if (sparesSelf && each === session) return false
    if (wanted.has('id') && each.id !== Number(wanted.get('id'))) return false
    if (wanted.has('addr') && each.address !== wanted.get('addr')) return false
    if (wanted.has('type') && wanted.get('type')!.toLowerCase() !== typeOf(each)) return false
    return true
  })
  for (const each of chosen) each.outlet.close()
  if (!isOldForm) return chosen.length
  if (chosen.length === 0) throw new CommandError('ERR No such client')
  return OK
}

function typeOf(session: Session): string {
  return session.subscriptionCount > 0 ? 'pubsub' : 'normal'
}

function client(call: Call, [what, ...args]: readonly string[]): Reply {
  const { host, session } = call
  switch (what!.toLowerCase()) {
    case 'id':
      return session.id
    case 'getname':
      return session.name === '' ? null : session.name
    case 'setname':
      return setName(session, args[0] ?? '')
    case 'tracking':
      return track(call, args)
    case 'getredir':
      return session.tracking?.redirect ?? -1
    case 'list':
      return [...host.sessions.values()].map((each) => `${describeSession(each, call.nowMs)}\n`).join('')
    case 'info':
      return `${describeSession(session, call.nowMs)}\n`
    case 'kill':
      return kill(call, args)
    case 'no-evict':
    case 'no-touch':
      return OK
    case 'setinfo':
      // From 7.2 on.
      throw new CommandError(`ERR unknown subcommand '${what}'. Try CLIENT HELP.`)
    default:
      throw new CommandError(`ERR unknown subcommand '${what}'. Try CLIENT HELP.`)
  }
}

/** Commands about a connection. */
export const CONNECTION_COMMANDS: CommandTable = {
  ping: {
    arity: -1,
    isForSubscribers: true,
    run({ session }, [text]) {
      if (session.protocol === 2 && session.subscriptionCount > 0) return ['pong', text ?? '']
      return text ?? new Status('PONG')
    },
  },
  echo: { arity: 2, run: (_call, [text]) => text! },
  select: {
    arity: 2,
    run(call, [index]) {
      call.host.database(parseInteger(index, 'ERR invalid DB index'))
      call.session.dbIndex = Number(index)
      return OK
    },
  },
  hello: { arity: -1, isForbiddenInScripts: true, isOpenToAll: true, run: greet },
  auth: { arity: -2, isForbiddenInScripts: true, isOpenToAll: true, run: authenticate },
  client: { arity: -2, isForbiddenInScripts: true, run: client },
  quit: {
    arity: -1,
    isForbiddenInScripts: true,
    isForSubscribers: true,
    isImmediate: true,
    isOpenToAll: true,
    run({ session }) {
      session.isClosed = true
      return OK
    },
  },
  reset: {
    arity: 1,
    isForbiddenInScripts: true,
    isForSubscribers: true,
    isImmediate: true,
    isOpenToAll: true,
    run({ session }) {
      session.reset()
      return new Status('RESET')
    },
  },
}
