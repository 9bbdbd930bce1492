import { EventEmitter } from 'eventemitter3'
import { toErrorData, type EventOf, type EverybeatEvents } from './events.js'

/** A listener as eventemitter3 stores it. */
interface StoredListener {
  readonly fn: (...args: unknown[]) => unknown
  readonly context: unknown
  readonly once: boolean
}

/**
 * An emitter of eventemitter3 with one more way to emit: {@link send} calls each listener separately, so that an error
 * of a listener affects neither the others nor the sender.
 */
export class IsolatedEmitter extends EventEmitter<EverybeatEvents> {
  /**
   * Sends an event to its listeners. A function that creates the event is called only for a listener. Never throws: an
   * error or a rejection of a listener becomes an `error` event.
   */
  protected send<Name extends keyof EverybeatEvents>(
    name: Name,
    input: EventOf<Name> | (() => EventOf<Name>),
    thrown?: unknown,
  ): void {
    // The public functions of eventemitter3 give neither the context of listeners nor whether they listen once.
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
