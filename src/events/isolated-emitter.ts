import { EventEmitter } from 'eventemitter3'
import { toErrorData, type EventOf, type EverybeatEvents } from './events.js'

/** How eventemitter3 keeps a listener. */
interface StoredListener {
  readonly fn: (...args: unknown[]) => unknown
  readonly context: unknown
  readonly once: boolean
}

/**
 * An emitter like eventemitter3 in every respect, with one way more to emit: {@link send} calls each listener on its own,
 * so that a listener that throws harms neither the others nor the sender.
 */
export class IsolatedEmitter extends EventEmitter<EverybeatEvents> {
  /**
   * Sends an event to its listeners; one that is made by a function only when there is a listener. Never throws: what a
   * listener throws, or its promise rejects with, becomes an `error` event.
   */
  protected send<Name extends keyof EverybeatEvents>(
    name: Name,
    input: EventOf<Name> | (() => EventOf<Name>),
    thrown?: unknown,
  ): void {
    // eventemitter3 shows the functions of listeners only, neither their context nor that they listen once.
    const stored = (this as unknown as { _events: Record<string, StoredListener | StoredListener[] | undefined> })
      ._events[name]
    if (!stored) return
    const event = typeof input === 'function' ? input() : input
    for (const { fn, context, once } of Array.isArray(stored) ? [...stored] : [stored]) {
      if (once) this.removeListener(name, fn as never, undefined, true)
      try {
        const done = fn.call(context, event, ...(thrown === undefined ? [] : [thrown]))
        if (done instanceof Promise) done.catch((error: unknown) => this.#onListenerError(name, error))
      } catch (error) {
        this.#onListenerError(name, error)
      }
    }
  }

  #onListenerError(name: keyof EverybeatEvents, error: unknown): void {
    if (name !== 'error') this.send('error', { ...toErrorData(error), context: `a listener of ${name}` })
  }
}
