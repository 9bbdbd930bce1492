import { randomBytes } from 'node:crypto'
import { EventLog, type FeedEventType, type LoggedEvent } from './event-log.js'

/** Reads the fleet while a browser watches. */
export interface Observer {
  /** Reads the fleet once, and publishes the changes. */
  look(): Promise<void>
  /** Drops the last readings, because no browser watches any more. */
  rest(): void
}

const LOOK_MS = 1_000
/** Interval of comments that keep a connection open, ms: proxies close silent connections. */
const SIGN_MS = 15_000
/** Most waiting events of a browser; a slower browser is disconnected, and reconnects. */
const MOST_WAITING = 1_000

type Sink = ReadableStreamDefaultController<Uint8Array>

/** Server-sent events to every browser that watches; reads the fleet once a second, and only while a browser watches. */
export class Feed {
  readonly #log = new EventLog(randomBytes(4).toString('hex'))
  readonly #sinks = new Set<Sink>()
  readonly #encoder = new TextEncoder()
  /** Reads the fleet; null until it is set. */
  #observer: Observer | null = null
  /** The timer of the looks. */
  #timer: NodeJS.Timeout | null = null
  /** The timer of the comments that keep connections open. */
  #signs: NodeJS.Timeout | null = null
  #isLooking = false
  /** Whether Redis did not answer the last look. */
  #isAway = false
  #isClosed = false

  /** Sets the observer of the fleet. */
  observe(observer: Observer): void {
    this.#observer = observer
  }

  /** The number of browsers that watch. */
  get watchers(): number {
    return this.#sinks.size
  }

  /** Sends a message to every browser that watches, and keeps it for browsers that reconnect. */
  publish(type: FeedEventType, value: unknown): void {
    const event = this.#log.add(type, value)
    for (const sink of [...this.#sinks]) this.#send(sink, eventText(event))
  }

  /**
   * The stream of events. With the id of the last event that a browser has received, the stream begins after that event. Where
   * the log no longer holds it, the first event is an `overview` with `resync: true`: read everything again.
   */
  open(request: Request, lastEventId: string | null): Response {
    let sink: Sink | null = null
    const leave = () => {
      if (sink) this.#leave(sink)
    }
    const stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          sink = controller
          this.#join(controller, lastEventId)
        },
        cancel: leave,
      },
      { highWaterMark: MOST_WAITING },
    )
    request.signal.addEventListener('abort', leave, { once: true })
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    }
    return new Response(stream, { headers })
  }

  /** Ends all streams, for good. */
  close(): void {
    this.#isClosed = true
    for (const sink of [...this.#sinks]) this.#leave(sink)
  }

  #join(sink: Sink, lastEventId: string | null): void {
    if (this.#isClosed) return sink.close()
    this.#sinks.add(sink)
    const missed = lastEventId === null ? [] : this.#log.after(lastEventId)
    // The stream begins with an id, so that a browser can also reconnect before its first event.
    this.#send(sink, `retry: 2000\nid: ${this.#log.lastId}\n: connected\n\n`)
    if (missed === null) {
      this.#send(sink, eventText({ id: this.#log.lastId, type: 'overview', data: '{"resync":true}' }))
    } else for (const event of missed) this.#send(sink, eventText(event))
    if (this.#sinks.size > 1) return
    this.#signs = setInterval(() => {
      for (const each of [...this.#sinks]) this.#send(each, ': still here\n\n')
    }, SIGN_MS).unref()
    this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref()
    void this.#look()
  }

  #leave(sink: Sink): void {
    if (!this.#sinks.delete(sink)) return
    try {
      sink.close()
    } catch {
      // The browser has closed it already.
    }
    if (this.#sinks.size > 0) return
    if (this.#timer) clearInterval(this.#timer)
    if (this.#signs) clearInterval(this.#signs)
    this.#isAway = false
    this.#observer?.rest()
  }

  #send(sink: Sink, text: string): void {
    try {
      sink.enqueue(this.#encoder.encode(text))
      if ((sink.desiredSize ?? 1) <= 0) this.#leave(sink)
    } catch {
      this.#leave(sink)
    }
  }

  /** Publishes once that Redis does not answer, and once that it answers again. */
  #tell(isAway: boolean): void {
    if (isAway === this.#isAway || this.#sinks.size === 0) return
    this.#isAway = isAway
    this.publish('overview', { redis: isAway ? 'away' : 'back' })
  }

  async #look(): Promise<void> {
    if (this.#isLooking || !this.#observer) return
    this.#isLooking = true
    try {
      await this.#observer.look()
      this.#tell(false)
    } catch {
      // A page without requests of its own would not learn that its content is old.
      this.#tell(true)
    } finally {
      this.#isLooking = false
    }
  }
}

function eventText({ id, type, data }: LoggedEvent): string {
  return `id: ${id}\nevent: ${type}\ndata: ${data}\n\n`
}
