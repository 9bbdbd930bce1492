import { EventEmitter } from 'eventemitter3'
import { toErrorData, type EventOf, type EverybeatEvents } from './events.js'

type Listener = (event: never) => unknown
type Names = EventEmitter.EventNames<EverybeatEvents>
type ListenerOf<Name extends Names> = EventEmitter.EventListener<EverybeatEvents, Name>

/** An emitter whose listeners cannot harm each other, nor the one who sends: what they throw becomes an `error` event. */
export class IsolatedEmitter extends EventEmitter<EverybeatEvents> {
  // eventemitter3 takes a `once` listener away only in its own `emit`, which stops at the first one that throws.
  readonly #onceWrappers = new Map<Listener, Listener>()

  override once<Name extends Names>(name: Name, listener: ListenerOf<Name>, context?: unknown): this {
    const wrapper = (event: never): unknown => {
      this.off(name, listener)
      return (listener as Listener).call(context ?? this, event)
    }
    this.#onceWrappers.set(listener as Listener, wrapper)
    return this.on(name, wrapper as ListenerOf<Name>)
  }

  override off<Name extends Names>(name: Name, listener?: ListenerOf<Name>): this {
    return this.removeListener(name, listener)
  }

  override removeListener<Name extends Names>(name: Name, listener?: ListenerOf<Name>): this {
    const wrapper = this.#onceWrappers.get(listener as Listener)
    this.#onceWrappers.delete(listener as Listener)
    return super.removeListener(name, (wrapper ?? listener) as ListenerOf<Name>)
  }

  /** Sends an event to each listener on its own; one that is made by a function only when there is a listener. Never throws. */
  protected send<Name extends keyof EverybeatEvents>(name: Name, given: EventOf<Name> | (() => EventOf<Name>)): void {
    if (this.listenerCount(name) === 0) return
    const event = typeof given === 'function' ? given() : given
    for (const listener of this.listeners(name) as Listener[]) {
      try {
        const done = listener.call(this, event as never)
        if (done instanceof Promise) done.catch((error: unknown) => this.#failed(name, error))
      } catch (error) {
        this.#failed(name, error)
      }
    }
  }

  #failed(name: keyof EverybeatEvents, error: unknown): void {
    if (name !== 'error') this.send('error', { ...toErrorData(error), context: `a listener of ${name}` })
  }
}
