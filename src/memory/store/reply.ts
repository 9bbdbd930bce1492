/** The answer of a command, before it is written in one of the two versions of the protocol. Text holds one byte per unit. */
export type Reply =
  number | string | null | boolean | Reply[] | Status | Failure | Pairs | Double | NullList | Several | Waiting

/** A short word of the server, such as `OK`. */
export class Status {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** An error of a command: its code word, then the description. */
export class Failure {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** Names and values in turn: a map in RESP3, a flat list in RESP2. */
export class Pairs {
  readonly items: Reply[]

  constructor(items: Reply[]) {
    this.items = items
  }
}

/** A score: a double in RESP3, text in RESP2. */
export class Double {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/** The absent list, which differs from the absent text in RESP2. */
export class NullList {}

/** `OK`. */
export const OK = new Status('OK')
/** The one {@link NullList}. */
export const NULL_LIST = new NullList()

/** Ends a command with an error, from anywhere inside it. */
export class CommandError extends Error {}

/** The error of a command that meets a key of another type. */
export function wrongType(): CommandError {
  return new CommandError('WRONGTYPE Operation against a key holding the wrong kind of value')
}

/** The error of a command that cannot be read. */
export function syntaxError(): CommandError {
  return new CommandError('ERR syntax error')
}

/** The replies of a command that answers several times. */
export class Several {
  readonly replies: readonly Reply[][]

  constructor(replies: readonly Reply[][]) {
    this.replies = replies
  }
}

/** The reply comes later: until then the connection runs no further command. */
export class Waiting {
  readonly ms: number
  readonly reply: Reply

  constructor(ms: number, reply: Reply) {
    this.ms = ms
    this.reply = reply
  }
}
