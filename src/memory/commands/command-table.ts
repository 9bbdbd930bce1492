import type { Command, CommandTable } from './command.js'
import { CONNECTION_COMMANDS } from './connection.js'
import { HASH_COMMANDS } from './hashes.js'
import { KEY_COMMANDS } from './keys.js'
import { LIST_COMMANDS } from './lists.js'
import { PUB_SUB_COMMANDS } from './pub-sub.js'
import { SCRIPTING_COMMANDS } from './scripting.js'
import { SERVER_COMMANDS } from './server.js'
import { SET_COMMANDS } from './sets.js'
import { SORTED_SET_COMMANDS } from './sorted-sets.js'
import { STREAM_COMMANDS } from './streams.js'
import { STRING_COMMANDS } from './strings.js'
import { TRANSACTION_COMMANDS } from './transactions.js'

const TABLES: readonly CommandTable[] = [
  CONNECTION_COMMANDS,
  HASH_COMMANDS,
  KEY_COMMANDS,
  LIST_COMMANDS,
  PUB_SUB_COMMANDS,
  SCRIPTING_COMMANDS,
  SERVER_COMMANDS,
  SET_COMMANDS,
  SORTED_SET_COMMANDS,
  STREAM_COMMANDS,
  STRING_COMMANDS,
  TRANSACTION_COMMANDS,
]

/** Every command of the store by its name in small letters. */
export const COMMANDS: ReadonlyMap<string, Command> = new Map(TABLES.flatMap((table) => Object.entries(table)))
