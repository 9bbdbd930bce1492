import { duplicateConnection, type Connection } from '../connection/client.js'
import type { Keys } from '../keys.js'
import type { RedisClient } from '../scripts/run-script.js'
import { createSignOfLife } from './subscription-watchdog.js'

/** What the fleet tells each other, shard by shard. Messages are input: what is not understood is a nudge to look. */
export interface WakeListener {
  onHead(shard: number, headMs: number | null, count: number): void
  onLane(shard: number, pool: string, task: string): void
  onChanged(shard: number, schedules: readonly string[]): void
  onCancel(workerId: string, kind: string, runId: string): void
  /** A worker with older time-zone data leaves a schedule to be planned by this one. */
  onPlan(shard: number, workerId: string, schedule: string): void
  /** `size`: how many there are now, of one that joined. */
  onFleet(change: 'joined' | 'left', workerId: string, size: number): void
  /** This memory of Redis is new: it was flushed, or is another server's. */
  onMemory(shard: number, generation: string): void
  /** Somebody changed the layout, or the number of shards. */
  onLayout(): void
  onUnknown(shard: number): void
  /** The subscription stands, for the first time or again: messages may have been missed. */
  onReady(): void
}

/** A subscription to the wake channels. */
export interface Wake {
  readonly client: RedisClient
  ready(): Promise<void>
  /** A heartbeat was sent at this instant of the monotonic clock and answered: its word has to be heard here soon. */
  expectSign(sentAt: number): void
}

function deliver(listener: WakeListener, shard: number, message: string): void {
  const space = message.indexOf(' ')
  const verb = space < 0 ? message : message.slice(0, space)
  const rest = space < 0 ? '' : message.slice(space + 1)
  const head = /^(-?\d{1,15}) (\d{1,9})$/.exec(rest)
  const joined = /^(\S+) (\d{1,9})$/.exec(rest)
  const plan = /^(\S+) (.+)$/s.exec(rest)
  const cancel = /^(\S+) (\S+) (.+)$/s.exec(rest)
  if (verb === 'head' && head) listener.onHead(shard, Number(head[1]) < 0 ? null : Number(head[1]), Number(head[2]))
  else if (verb === 'lane' && rest.includes('\n')) {
    listener.onLane(shard, rest.slice(0, rest.indexOf('\n')), rest.slice(rest.indexOf('\n') + 1))
  } else if (verb === 'changed' && rest !== '') listener.onChanged(shard, rest.split('\n'))
  else if (verb === 'cancel' && cancel) listener.onCancel(cancel[1]!, cancel[2]!, cancel[3]!)
  else if (verb === 'plan' && plan) listener.onPlan(shard, plan[1]!, plan[2]!)
  else if (verb === 'joined' && joined) listener.onFleet(verb, joined[1]!, Number(joined[2]))
  else if (verb === 'left' && rest !== '') listener.onFleet(verb, rest, 0)
  else if (verb === 'memory' && rest !== '') listener.onMemory(shard, rest)
  else if (verb === 'layout') listener.onLayout()
  else listener.onUnknown(shard)
}

/**
 * Subscribes to the wake channel of every shard on a connection of its own. A worker also subscribes to the channel of
 * its own name: as long as somebody is there, its connection, and so most likely its process, lives.
 */
export function openWake(
  connection: Connection,
  shards: readonly Keys[],
  workerId: string,
  listener: WakeListener,
): Wake {
  const client = duplicateConnection(connection)
  const byChannel = new Map(shards.map((keys, shard) => [keys.wake, shard]))
  const channels = [...byChannel.keys()]
  // On a Cluster a subscription shows only on the node it was made at, so it would prove nothing.
  if (!connection.isCluster) channels.push(...shards.map((keys) => keys.worker(workerId)))
  const life = connection.isCluster ? null : createSignOfLife(client, shards[0]!.worker(workerId), connection.time)
  client.on('message', (channel: string, message: string) => {
    const shard = byChannel.get(channel)
    if (shard !== undefined) deliver(listener, shard, message)
  })
  const subscribe = async (): Promise<void> => {
    await client.subscribe(...channels)
    life?.stands()
    listener.onReady()
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
  return { client, ready: () => subscribed, expectSign: (sentAt) => life?.expect(sentAt) }
}
