import type { ScheduleListener, ScheduleWatch } from '../../control/listeners.js'
import type { ScheduleStore } from '../../control/store.js'
import type { Emit } from '../../events/events.js'
import type { ResolvedOptions } from '../../options/options.js'
import type { TimeSource } from '../../time-source.js'
import type { RedisClock } from '../../worker/store.js'
import { createKeys } from '../keys.js'
import { LayoutCheck } from '../layout-check.js'
import { ScheduleSubscription } from '../notify/schedule-subscription.js'
import { RedisScheduleStore } from '../stores/schedule-store.js'
import { CommandConnection } from './command-connection.js'

/** Wait for a connection after which a log line reports it, ms. */
const PATIENCE_MS = 1_000

/** The parts of the connection of an instance. */
export interface InstanceConnectionOptions {
  readonly options: ResolvedOptions
  readonly time: TimeSource
  readonly clock: RedisClock
  readonly emit: Emit
  /** Called when the command connection is restored. */
  readonly onRestored: () => void
  /** Called when a caller has waited for Redis at this address for longer than a second. */
  readonly onSlow: (address: string) => void
}

/** The command connection of an instance, which is opened on first use, and the schedule store on it. */
export class InstanceConnection {
  readonly #parts: InstanceConnectionOptions
  /** The open connection; null before the first use and after {@link close}. */
  #link: CommandConnection | null = null
  /** Reads and writes schedules; null before the first call. */
  #store: ScheduleStore | null = null
  /** Checks the layout before calls; null before the first. */
  #layoutCheck: LayoutCheck | null = null
  /** The subscriptions that are open. */
  readonly #watches = new Set<ScheduleWatch>()

  constructor(parts: InstanceConnectionOptions) {
    this.#parts = parts
  }

  /** The connection, which may not be ready yet. */
  open(): CommandConnection {
    const { options, time, emit, onRestored } = this.#parts
    return (this.#link ??= new CommandConnection(options.redis, time, { emit, onRestored }))
  }

  /** The connection, ready. @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` after `connectTimeoutMs` */
  async ready(): Promise<CommandConnection> {
    const { options, time, onSlow } = this.#parts
    const link = this.open()
    const timer = time.setTimeout(() => onSlow(link.address), PATIENCE_MS)
    try {
      await link.ready(options.connectTimeoutMs)
    } finally {
      time.clearTimeout(timer)
    }
    return link
  }

  /** The schedule store, also for keys of another layout. */
  async storeOfAnyLayout(): Promise<ScheduleStore> {
    const { options, time, clock } = this.#parts
    const { prefix, shards } = options
    const { client } = (await this.ready()).connection
    this.#layoutCheck ??= new LayoutCheck(client, { prefix, shards }, time, options.connectTimeoutMs)
    return (this.#store ??= new RedisScheduleStore({ client, prefix, shards, clock, time }))
  }

  /** The schedule store. @throws EverybeatError `ERR_EVERYBEAT_LAYOUT` when the keys have another layout */
  async store(): Promise<ScheduleStore> {
    const store = await this.storeOfAnyLayout()
    await this.#layoutCheck?.check()
    return store
  }

  /**
   * Subscribes to the edits of schedules on a separate connection, which {@link close} ends.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when the subscription is not made within `connectTimeoutMs`
   */
  async watch(listener: ScheduleListener): Promise<ScheduleWatch> {
    const { prefix, shards, connectTimeoutMs } = this.#parts.options
    const { connection } = await this.ready()
    const keys = Array.from({ length: shards }, (_, shard) => createKeys(prefix, shard, shards))
    const subscription = new ScheduleSubscription(connection, keys, listener)
    const watch = { close: () => (this.#watches.delete(watch), subscription.close()) }
    this.#watches.add(watch)
    try {
      await subscription.ready(connectTimeoutMs)
    } catch (error) {
      await watch.close()
      throw error
    }
    return watch
  }

  /** Closes the connection, if Everybeat opened it, and all subscriptions; the next use opens a new connection. */
  async close(): Promise<void> {
    const watches = [...this.#watches].map((watch) => watch.close())
    const link = this.#link
    this.#link = null
    this.#store = null
    this.#layoutCheck = null
    await Promise.all([link?.close(), ...watches])
  }
}
