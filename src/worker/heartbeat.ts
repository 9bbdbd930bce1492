import { EverybeatError } from '../errors.js'
import { toErrorData, type Emit } from '../events/events.js'
import { endsWithin, type Timer, type TimeSource } from '../time-source.js'
import { ErrorLog } from './error-log.js'

/** The actions of a heartbeat. */
export interface HeartbeatOptions {
  readonly time: TimeSource
  readonly emit: Emit
  readonly beatMs: number
  /** Sends the heartbeat of the first shard and processes the reply. */
  readonly beat: () => Promise<void>
  /** Polls those of the other shards whose next poll is due. */
  readonly polls: () => readonly Promise<void>[]
  /** Called when Redis has another layout: nothing is claimed until a heartbeat succeeds again. */
  readonly onWrongLayout: () => void
}

/** Sends heartbeats at a fixed period and reports failures. At most one heartbeat is in flight. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #errors: ErrorLog
  /** Timer of the next heartbeat. */
  #timer: Timer | null = null
  #isBeating = false
  /** Whether another heartbeat follows the one in flight. */
  #isRequested = false
  #isStopped = false
  /** The layout error that was reported last; null while the layout is right. */
  #layoutError: string | null = null
  /** Heartbeats without an answer. A heartbeat that Redis executes after the leave would add the worker again. */
  readonly #unanswered = new Set<Promise<unknown>>()

  constructor(options: HeartbeatOptions) {
    this.#options = options
    this.#errors = new ErrorLog(options.emit, options.time)
  }

  /** Starts the heartbeats; the first one is sent after one period. */
  start(): void {
    const { time, beatMs } = this.#options
    if (!this.#isStopped) this.#timer ??= time.setInterval(() => this.beatNow(), beatMs)
  }

  /** Ends the heartbeats. */
  stop(): void {
    this.#isStopped = true
    if (this.#timer) this.#options.time.clearInterval(this.#timer)
    this.#timer = null
  }

  /** Sends a heartbeat at once; if one is in flight, after it. */
  beatNow(): void {
    if (this.#isStopped) return
    if (this.#isBeating) {
      this.#isRequested = true
      return
    }
    this.#isBeating = true
    void this.#beatAll().finally(() => {
      this.#isBeating = false
      if (!this.#isRequested) return
      this.#isRequested = false
      this.beatNow()
    })
  }

  /** Sends one heartbeat, which {@link whenAnswered} waits for. */
  send<Reply>(heartbeat: Promise<Reply>): Promise<Reply> {
    this.#unanswered.add(heartbeat)
    heartbeat.finally(() => this.#unanswered.delete(heartbeat)).catch(() => {})
    return heartbeat
  }

  /** Resolves when every heartbeat is answered, or after the time-out. */
  async whenAnswered(timeoutMs: number): Promise<void> {
    await endsWithin(this.#options.time, timeoutMs, Promise.allSettled(this.#unanswered))
  }

  async #beatAll(): Promise<void> {
    for (const [index, poll] of this.#options.polls().entries()) {
      const context = `heartbeat of shard ${index + 1}`
      // Not awaited: a shard that does not answer must not delay the heartbeats on the first shard.
      poll.then(
        () => this.#errors.onSuccess(context),
        (error: unknown) => this.#errors.onError(context, error),
      )
    }
    await this.#beatOnce()
  }

  async #beatOnce(): Promise<void> {
    try {
      await this.#options.beat()
      this.#layoutError = null
      this.#errors.onSuccess('heartbeat')
    } catch (error) {
      if (error instanceof EverybeatError && error.code === 'ERR_EVERYBEAT_LAYOUT') this.#reportLayout(error)
      else this.#errors.onError('heartbeat', error)
    }
  }

  /** Reports another layout, once. Keys of another layout have other meanings, so nothing is claimed while it lasts. */
  #reportLayout(error: EverybeatError): void {
    this.#options.onWrongLayout()
    // Each heartbeat finds the same error; it is reported once.
    if (this.#layoutError === error.message) return
    this.#layoutError = error.message
    const message = `${error.message}. This worker claims nothing until then`
    this.#options.emit('error', { ...toErrorData(error), message, context: 'layout' })
  }
}
