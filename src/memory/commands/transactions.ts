import { CommandError, NULL_LIST, OK, type Reply } from '../store/reply.js'
import type { Call, CommandTable } from './command.js'

function execute({ host, session }: Call): Reply {
  const { queue, isQueueBroken, isWatchBroken } = session
  if (!queue) throw new CommandError('ERR EXEC without MULTI')
  session.endTransaction()
  if (isQueueBroken) throw new CommandError('EXECABORT Transaction discarded because of previous errors.')
  if (isWatchBroken) return NULL_LIST
  return queue.map(({ name, args }) => host.runCommand(session, name, args))
}

const IMMEDIATE = { isForbiddenInScripts: true, isImmediate: true }

/** Commands about transactions. */
export const TRANSACTION_COMMANDS: CommandTable = {
  multi: {
    ...IMMEDIATE,
    arity: 1,
    run({ session }) {
      if (session.queue) throw new CommandError('ERR MULTI calls can not be nested')
      session.queue = []
      return OK
    },
  },
  exec: { ...IMMEDIATE, arity: 1, run: execute },
  discard: {
    ...IMMEDIATE,
    arity: 1,
    run({ session }) {
      if (!session.queue) throw new CommandError('ERR DISCARD without MULTI')
      session.endTransaction()
      return OK
    },
  },
  watch: {
    ...IMMEDIATE,
    arity: -2,
    run({ session, db }, keys) {
      if (session.queue) throw new CommandError('ERR WATCH inside MULTI is not allowed')
      for (const key of keys) session.watched.add(`${db.index} ${key}`)
      return OK
    },
  },
  unwatch: {
    ...IMMEDIATE,
    isImmediate: false,
    arity: 1,
    run({ session }) {
      session.forgetWatched()
      return OK
    },
  },
}
