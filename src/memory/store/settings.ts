import { CommandError } from './reply.js'

const CLASSES = 'KEg$lshzxetdmnA'
/** The meaning of `A` in `notify-keyspace-events`. */
const ALL_CLASSES = 'g$lshzxetd'

/** The settings of the server that `CONFIG` reads and changes: the settings that clients and scripts read. */
export class Settings {
  /** The present value of each setting. */
  readonly #values = new Map<string, string>([
    ['notify-keyspace-events', ''],
    ['requirepass', ''],
    ['maxmemory', '0'],
    ['maxmemory-policy', 'noeviction'],
    ['save', ''],
    ['appendonly', 'no'],
    ['databases', '16'],
    ['timeout', '0'],
    ['maxclients', '10000'],
    ['busy-reply-threshold', '5000'],
    ['lua-time-limit', '5000'],
    ['stream-node-max-entries', '100'],
    ['proto-max-bulk-len', '536870912'],
    ['latency-tracking', 'yes'],
    ['client-output-buffer-limit', 'normal 0 0 0 slave 268435456 67108864 60 pubsub 33554432 8388608 60'],
  ])
  /** The classes of events that clients are notified of; read with each change of a key. */
  #events = ''

  get events(): string {
    return this.#events
  }

  entries(): [string, string][] {
    return [...this.#values]
  }

  get(name: string): string | undefined {
    return this.#values.get(name)
  }

  /** @throws CommandError for a name that is not there, or a value that is wrong */
  set(name: string, value: string): void {
    if (!this.#values.has(name)) {
      throw new CommandError(`ERR Unknown option or number of arguments for CONFIG SET - '${name}'`)
    }
    if (name !== 'notify-keyspace-events') return void this.#values.set(name, value)
    if ([...value].some((letter) => !CLASSES.includes(letter))) {
      throw new CommandError(
        `ERR CONFIG SET failed (possibly related to argument '${name}') - Invalid event class character. Use 'Ag$lshzxeKEtmdn'.`,
      )
    }
    const letters = new Set(value.replace('A', ALL_CLASSES))
    const isComplete = [...ALL_CLASSES].every((letter) => letters.has(letter))
    const classes = isComplete ? 'A' : [...ALL_CLASSES].filter((letter) => letters.has(letter)).join('')
    const ways = ['K', 'E'].filter((letter) => letters.has(letter)).join('')
    this.#values.set(name, `${classes}${ways}`)
    this.#events = ways === '' ? '' : [...letters].join('')
  }
}
