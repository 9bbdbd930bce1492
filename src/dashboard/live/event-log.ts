/** One event as browsers get it. */
export interface LoggedEvent {
  /** `<process>-<number>`: grows, and differs from the ids of other processes. */
  readonly id: string
  readonly type: FeedEventType
  /** JSON. */
  readonly data: string
}

/** The kinds of events. */
export type FeedEventType = 'run' | 'schedule' | 'worker' | 'overview'

const MOST_KEPT = 500

/** The last events, so that a browser that reconnects soon gets the events in between. */
export class EventLog {
  readonly #process: string
  /** The number of the last event. */
  #number = 0
  /** The last events, oldest first, for browsers that reconnect. */
  #events: LoggedEvent[] = []

  constructor(process: string) {
    this.#process = process
  }

  /** The id of the last event, from which a browser gets every later event. */
  get lastId(): string {
    return `${this.#process}-${this.#number}`
  }

  /** Keeps an event and gives it its id. */
  add(type: FeedEventType, value: unknown): LoggedEvent {
    this.#number += 1
    const event = { id: this.lastId, type, data: JSON.stringify(value) }
    this.#events.push(event)
    if (this.#events.length > MOST_KEPT * 2) this.#events = this.#events.slice(-MOST_KEPT)
    return event
  }

  /** The events after an id; null when the log no longer holds them, so that the browser has to read everything again. */
  after(id: string): readonly LoggedEvent[] | null {
    const [process, number] = id.split('-')
    if (process !== this.#process || !/^\d{1,15}$/.test(number ?? '')) return null
    const missed = this.#number - Number(number)
    if (missed < 0 || missed > this.#events.length) return null
    return missed === 0 ? [] : this.#events.slice(-missed)
  }
}
