import { setTimeout as delay } from 'node:timers/promises'
import type { MonitorEvent, MonitorSink, MonitorTarget } from './event.js'
import { RefusedError } from './request.js'

/** Options of a {@link Delivery}. */
export interface DeliveryOptions {
  readonly target: MonitorTarget
  /** Longest duration of one try, ms. */
  readonly timeoutMs: number
  /** Delays before further tries, ms. */
  readonly retryDelaysMs: readonly number[]
  /** Most events that wait; the oldest is dropped for a new one. */
  readonly queueSize: number
  /** Called with the error of each event that was given up, and with null for each that arrived. */
  readonly onEnd: (error: Error | null) => void
}

/** A report about a schedule. */
export interface Pending {
  readonly schedule: string
  /** Creates the events when they are sent, at once or after a reading; there may be none. */
  readonly make: () => readonly MonitorEvent[] | Promise<readonly MonitorEvent[]>
}

/** Most schedules with reports in progress at the same time. */
const LANES = 8

/**
 * A bounded queue in front of a sink. Reports about one schedule are sent in order, those about different schedules in
 * parallel. Adding takes no time and never throws: a sink that hangs delays only its own reports.
 */
export class Delivery {
  readonly #options: DeliveryOptions
  readonly #waiting: Pending[] = []
  /** The schedules with a report in progress. */
  readonly #busy = new Set<string>()
  /** Callbacks for when no report waits any more. */
  #idle: (() => void)[] = []
  readonly #closed = new AbortController()
  /** Whether the queue is being processed: a function may cause further reports while it is called. */
  #isPumping = false
  /** The tries in progress; closing aborts each. */
  readonly #tries = new Set<AbortController>()

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** Adds an event. */
  add(pending: Pending): void {
    if (this.#closed.signal.aborted) return
    this.#waiting.push(pending)
    if (this.#waiting.length > this.#options.queueSize) {
      this.#waiting.shift()
      this.#options.onEnd(new RefusedError('the queue of the sink is full: the oldest events are dropped', true))
    }
    this.#pump()
  }

  /** Resolves when every added event is sent or given up. */
  async idle(): Promise<void> {
    if (this.#waiting.length === 0 && this.#busy.size === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Drops the waiting reports and aborts those in progress. */
  close(): void {
    this.#waiting.length = 0
    this.#closed.abort()
    for (const one of this.#tries) one.abort()
    this.#pump()
  }

  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#busy.size < LANES) {
      const index = this.#waiting.findIndex(({ schedule }) => !this.#busy.has(schedule))
      if (index < 0) break
      const [pending] = this.#waiting.splice(index, 1)
      const delivery = this.#deliver(pending!)
      if (delivery === null) continue
      this.#busy.add(pending!.schedule)
      void delivery.finally(() => {
        this.#busy.delete(pending!.schedule)
        this.#pump()
      })
    }
    this.#isPumping = false
    if (this.#waiting.length > 0 || this.#busy.size > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Sends a report. @returns null when that is done, as for a function that is done when it returns */
  #deliver({ make }: Pending): Promise<void> | null {
    try {
      const made = make()
      if (!(made instanceof Promise)) return this.#sendAll(made)
      return made
        .then((events) => this.#sendAll(events) ?? undefined)
        .catch((error: unknown) => this.#note(toError(error)))
    } catch (error) {
      this.#note(toError(error))
      return null
    }
  }

  /** Sends events one after the other. @returns null when that is done */
  #sendAll(events: readonly MonitorEvent[]): Promise<void> | null {
    for (const [index, event] of events.entries()) {
      if (this.#closed.signal.aborted) return null
      const sending = this.#send(event)
      if (sending !== null) return this.#sendAfter(sending, events.slice(index + 1))
    }
    return null
  }

  async #sendAfter(sending: Promise<Error | null>, events: readonly MonitorEvent[]): Promise<void> {
    this.#note(await sending)
    await this.#sendAll(events)
  }

  #note(error: Error | null): void {
    if (!this.#closed.signal.aborted) this.#options.onEnd(error)
  }

  /** Sends an event. @returns null when that is done; otherwise its end, which is not noted yet */
  #send(event: MonitorEvent): Promise<Error | null> | null {
    const { target } = this.#options
    if ('send' in target) return this.#sendPersistently(target, event)
    try {
      const done = target(event)
      if (isThenable(done)) return this.#inTime(() => done)
      this.#note(null)
    } catch (error) {
      this.#note(toError(error))
    }
    return null
  }

  async #sendPersistently(sink: MonitorSink, event: MonitorEvent): Promise<Error | null> {
    for (let tries = 0; ; tries++) {
      const error = await this.#inTime((signal) => sink.send(event, signal))
      const delayMs = this.#options.retryDelaysMs[tries]
      const isFinal = !(error instanceof RefusedError) || error.isFinal
      if (error === null || isFinal || delayMs === undefined) return error
      try {
        await delay(delayMs, undefined, { ref: false, signal: this.#closed.signal })
      } catch {
        return error
      }
    }
  }

  /** One try of a sink, which ends after its time-out, whatever the sink does. */
  async #inTime(send: (signal: AbortSignal) => PromiseLike<unknown>): Promise<Error | null> {
    // One signal serves the time-out and the close, because joining two signals costs more than the report.
    const end = new AbortController()
    const { signal } = end
    const timer = setTimeout(() => end.abort(), this.#options.timeoutMs)
    this.#tries.add(end)
    if (this.#closed.signal.aborted) end.abort()
    try {
      const sent = (async () => void (await send(signal)))()
      const isFunction = typeof this.#options.target === 'function'
      const ended = new Promise<never>((_, reject) => {
        const giveUp = (): void => reject(new RefusedError('the sink did not end in time', isFunction))
        signal.addEventListener('abort', () => setImmediate(giveUp), { once: true })
        if (signal.aborted) giveUp()
      })
      await Promise.race([sent, ended])
      return null
    } catch (error) {
      return toError(error)
    } finally {
      clearTimeout(timer)
      this.#tries.delete(end)
    }
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function'
}

/** What was thrown, as an error. */
export function toError(error: unknown): Error {
  return error instanceof Error ? error : new RefusedError(String(error), true)
}
