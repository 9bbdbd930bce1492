import { EverybeatError, type Everybeat } from '../index.js'

/** What `attach` needs of a BullMQ `Worker`. */
export interface QueueWorker {
  /** Adds a listener, as BullMQ's `Worker` does. */
  on(event: 'closing' | 'paused' | 'resumed', listener: () => void): unknown
  /** Removes a listener. */
  off(event: 'closing' | 'paused' | 'resumed', listener: () => void): unknown
  /** Resolves when the worker is connected. */
  waitUntilReady(): Promise<unknown>
  /** Whether the worker takes jobs, or `run()` was called. */
  isRunning(): boolean
  /** Whether it was paused. */
  isPaused(): boolean
  /** Begins to take jobs; resolves when the worker has closed. */
  run(): Promise<void>
  /** Takes no new jobs; resolves when the jobs under way are done. */
  pause(doNotWaitActive?: boolean): Promise<void>
  /** Takes jobs again. */
  resume(): void | Promise<void>
  /** Ends the worker; resolves when the jobs under way are done. */
  close(force?: boolean): Promise<void>
}

/** A BullMQ worker and an Everybeat worker that start, pause and close together. */
export interface Attachment extends AsyncDisposable {
  /** Neither takes anything new; resolves when the jobs under way are done. */
  pause(): Promise<void>
  /** Both take work again. */
  resume(): Promise<void>
  /**
   * Stops Everybeat first, so that nothing is added to a queue that closes, then the BullMQ worker; both, also when one of
   * them fails. `timeoutMs` is that of `beat.stop()`.
   */
  close(options?: { timeoutMs?: number }): Promise<void>
}

/**
 * Starts an Everybeat instance beside a BullMQ worker and ties the two: when the worker is paused, resumed or closed, by
 * whatever call, so is the instance. `worker.close()` alone does not wait for Everybeat's runs; `close()` of the
 * attachment does, and so does `beat.stop()`.
 *
 * Queue and worker keep their own connections: BullMQ blocks its connection, so Everybeat never shares it.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` when `worker` is no BullMQ worker, and what `beat.start()` throws; then
 *   the two are not tied
 */
export async function attach(worker: QueueWorker, beat: Everybeat): Promise<Attachment> {
  checkParts(worker, beat)
  const follow = {
    closing: () => void beat.stop(),
    paused: () => beat.pause(),
    resumed: () => beat.resume(),
  }
  const events = Object.entries(follow) as ['closing' | 'paused' | 'resumed', () => void][]
  for (const [event, listener] of events) worker.on(event, listener)
  try {
    await worker.waitUntilReady()
    if (worker.isPaused()) beat.pause()
    await beat.start()
  } catch (error) {
    for (const [event, listener] of events) worker.off(event, listener)
    throw error
  }
  // A worker with `autorun: false` starts here. BullMQ tells by its own `error` event what becomes of it later.
  if (!worker.isRunning() && !worker.isPaused()) void worker.run().catch(() => {})
  const close = async (options: { timeoutMs?: number } = {}): Promise<void> => {
    await beat.stop(options)
    await worker.close()
  }
  return {
    async pause() {
      beat.pause()
      await worker.pause()
    },
    async resume() {
      await worker.resume()
      beat.resume()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function checkParts(worker: QueueWorker, beat: Everybeat): void {
  const isWorker = typeof worker?.waitUntilReady === 'function' && typeof worker.isRunning === 'function'
  const field = isWorker ? 'beat' : 'worker'
  if (isWorker && typeof beat?.start === 'function') return
  const allowed = isWorker ? 'an Everybeat instance' : 'a BullMQ Worker'
  const message = `${field}: ${String(isWorker ? beat : worker)} cannot be used; allowed: ${allowed}`
  throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field, value: isWorker ? beat : worker })
}
