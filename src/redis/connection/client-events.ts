import { EventEmitter } from 'node:events'
import type { RedisClient } from '../redis-client.js'

type Listener = (...args: unknown[]) => void

/** The one listener of each event that this module keeps at a client, and those that it calls. */
const emitters = new WeakMap<RedisClient, Map<string, { emitter: EventEmitter; listener: Listener }>>()

/**
 * Listens to an event of a client, through one listener of the client however many instances share it: Node warns of more
 * than ten, and the client's own limit is not ours to change.
 */
export function listenTo(client: RedisClient, event: string, listener: Listener): void {
  const events = emitters.get(client) ?? new Map<string, { emitter: EventEmitter; listener: Listener }>()
  emitters.set(client, events)
  let shared = events.get(event)
  if (!shared) {
    const emitter = new EventEmitter()
    emitter.setMaxListeners(0)
    shared = { emitter, listener: (...args) => void emitter.emit('event', ...args) }
    events.set(event, shared)
    client.on(event as 'error', shared.listener)
  }
  shared.emitter.on('event', listener)
}

/** Ends what {@link listenTo} began. */
export function stopListening(client: RedisClient, event: string, listener: Listener): void {
  const shared = emitters.get(client)?.get(event)
  if (!shared) return
  shared.emitter.off('event', listener)
  if (shared.emitter.listenerCount('event') > 0) return
  emitters.get(client)?.delete(event)
  client.off(event, shared.listener)
}
