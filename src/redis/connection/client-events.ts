import { EventEmitter } from 'node:events'
import type { RedisClient } from '../redis-client.js'

type Listener = (...args: unknown[]) => void

/** The one listener that this module adds to a client for each event, and the listeners that it calls. */
const emitters = new WeakMap<RedisClient, Map<string, { emitter: EventEmitter; listener: Listener }>>()

/**
 * Listens to an event of a client. All instances that share the client use one listener, because Node warns of more
 * than ten, and the limit of a user's client must not be changed.
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

/** Removes a listener that {@link listenTo} added. */
export function stopListening(client: RedisClient, event: string, listener: Listener): void {
  const shared = emitters.get(client)?.get(event)
  if (!shared) return
  shared.emitter.off('event', listener)
  if (shared.emitter.listenerCount('event') > 0) return
  emitters.get(client)?.delete(event)
  client.off(event, shared.listener)
}
