import { endsWithin } from '../../time-source.js'
import { duplicateConnection, type Connection } from '../connection/client.js'
import { unreachable } from '../connection/wait-until-ready.js'
import { databaseOf, readMessage } from '../database.js'
import type { Keys } from '../keys.js'
import type { FleetListener } from '../../worker/listeners.js'
import type { RedisClient } from '../redis-client.js'
import { createSignOfLife } from './subscription-watchdog.js'

/** A subscription to the wake channels. */
export interface Wake {
  readonly client: RedisClient
  /**
   * Resolves when messages are heard.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` after this time, ms, with the last error of the connection as cause
   */
  ready(timeoutMs: number): Promise<void>
  /** A heartbeat was sent at this instant of the monotonic clock and answered: its word has to be heard here soon. */
  expectSign(sentAt: number): void
}

/** Calls the listener with what a message says; `false` for a text that is not understood. */
function read(listener: FleetListener, shard: number, verb: string, rest: string): boolean {
  switch (verb) {
    case 'head': {
      const [, instant, count] = /^(-?\d{1,16}) (\d{1,9})$/.exec(rest) ?? []
      if (instant === undefined) return false
      listener.onNextDue(shard, Number(count) === 0 ? null : Number(instant), Number(count))
      return true
    }
    case 'lane': {
      const cut = rest.indexOf('\n')
      if (cut < 0) return false
      listener.onParked(shard, rest.slice(0, cut), rest.slice(cut + 1))
      return true
    }
    case 'cancel': {
      const [, worker, kind, runId] = /^(\S+) (\S+) (.+)$/s.exec(rest) ?? []
      if (worker === undefined) return false
      listener.onCancel(worker, kind!, runId!)
      return true
    }
    case 'plan': {
      const [, worker, schedule] = /^(\S+) (.+)$/s.exec(rest) ?? []
      if (worker === undefined) return false
      listener.onPlanRequest(shard, worker, schedule!)
      return true
    }
    case 'joined': {
      const [, worker, size] = /^(\S+) (\d{1,9})$/.exec(rest) ?? []
      if (worker === undefined) return false
      listener.onJoined(worker, Number(size))
      return true
    }
    case 'layout':
      listener.onLayout()
      return true
    default:
      return rest !== '' && readNames(listener, shard, verb, rest)
  }
}

/** The messages that are a verb and text. */
function readNames(listener: FleetListener, shard: number, verb: string, rest: string): boolean {
  if (verb === 'changed') listener.onChanged(shard, rest.split('\n'))
  else if (verb === 'left') listener.onLeft(rest)
  else if (verb === 'memory') listener.onGeneration(shard, rest)
  else return false
  return true
}

function deliver(listener: FleetListener, shard: number, message: string): void {
  const space = message.indexOf(' ')
  const verb = space < 0 ? message : message.slice(0, space)
  if (!read(listener, shard, verb, space < 0 ? '' : message.slice(space + 1))) listener.onUnknown(shard)
}

/**
 * Subscribes to the wake channel of every shard on a connection of its own. A worker also subscribes to the channel of
 * its own name: as long as somebody is there, its connection, and so most likely its process, lives.
 */
export function openWake(
  connection: Connection,
  shards: readonly Keys[],
  workerId: string,
  listener: FleetListener,
): Wake {
  const client = duplicateConnection(connection)
  const byChannel = new Map(shards.map((keys, shard) => [keys.wake, shard]))
  const channels = [...byChannel.keys()]
  // On a Cluster a subscription shows only on the node it was made at, so it would prove nothing.
  if (!connection.isCluster) channels.push(...shards.map((keys) => keys.worker(workerId)))
  const life = connection.isCluster ? null : createSignOfLife(client, shards[0]!.worker(workerId), connection.time)
  client.on('message', (channel: string, message: string) => {
    const shard = byChannel.get(channel)
    const own = readMessage(databaseOf(connection.client), message)
    if (shard !== undefined && own !== null) deliver(listener, shard, own)
  })
  const subscribe = async (): Promise<void> => {
    await client.subscribe(...channels)
    life?.stands()
    listener.onSubscribed()
  }
  const subscribed = subscribe()
  subscribed.catch(() => {})
  // Left to ioredis, nobody could handle that this fails: a process that stops just then would end by a rejection. What
  // was said since the connection was lost is lost.
  let first = true
  client.on('ready', () => {
    if (!first) {
      subscribe().catch(() => {
        // Refused, and not closed: the sign of life does not come, and it is tried anew.
        if (client.status === 'ready') life?.stands()
      })
    }
    first = false
  })
  let lastError: unknown
  client.on('error', (error: unknown) => (lastError = error))
  async function ready(timeoutMs: number): Promise<void> {
    if (await endsWithin(connection.time, timeoutMs, subscribed)) return
    throw unreachable(client, `the connection for messages could not be made within ${timeoutMs} ms`, lastError)
  }
  return { client, ready, expectSign: (sentAt) => life?.expect(sentAt) }
}
