import { duplicateConnection, type Connection } from './client.js'
import type { Keys } from './keys.js'
import type { RedisClient } from './script-runner.js'

/** What the fleet tells each other, shard by shard. Messages are input: what is not understood is a nudge to look. */
export interface WakeListener {
  onHead(shard: number, headMs: number | null, count: number): void
  onLane(shard: number, pool: string, task: string): void
  onChanged(shard: number, schedules: readonly string[]): void
  onCancel(workerId: string, kind: string, runId: string): void
  onFleet(change: 'joined' | 'left', workerId: string): void
  /** This memory of Redis is new: it was flushed, or is another server's. */
  onMemory(shard: number, generation: string): void
  onUnknown(shard: number): void
  /** The subscription stands, for the first time or again: messages may have been missed. */
  onReady(): void
}

/** A subscription to the wake channels. */
export interface Wake {
  readonly client: RedisClient
  ready(): Promise<void>
}

function deliver(listener: WakeListener, shard: number, message: string): void {
  const space = message.indexOf(' ')
  const verb = space < 0 ? message : message.slice(0, space)
  const rest = space < 0 ? '' : message.slice(space + 1)
  const head = /^(-?\d{1,15}) (\d{1,9})$/.exec(rest)
  const cancel = /^(\S+) (\S+) (.+)$/s.exec(rest)
  if (verb === 'head' && head) listener.onHead(shard, Number(head[1]) < 0 ? null : Number(head[1]), Number(head[2]))
  else if (verb === 'lane' && rest.includes('\n')) {
    listener.onLane(shard, rest.slice(0, rest.indexOf('\n')), rest.slice(rest.indexOf('\n') + 1))
  } else if (verb === 'changed' && rest !== '') listener.onChanged(shard, rest.split('\n'))
  else if (verb === 'cancel' && cancel) listener.onCancel(cancel[1]!, cancel[2]!, cancel[3]!)
  else if ((verb === 'joined' || verb === 'left') && rest !== '') listener.onFleet(verb, rest)
  else if (verb === 'memory' && rest !== '') listener.onMemory(shard, rest)
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
  client.on('message', (channel: string, message: string) => {
    const shard = byChannel.get(channel)
    if (shard !== undefined) deliver(listener, shard, message)
  })
  const subscribed = client.subscribe(...channels).then(() => listener.onReady())
  // After a reconnect ioredis subscribes again by itself; what was said meanwhile is lost.
  let first = true
  client.on('ready', () => {
    if (!first) listener.onReady()
    first = false
  })
  subscribed.catch(() => {})
  return { client, ready: () => subscribed }
}
