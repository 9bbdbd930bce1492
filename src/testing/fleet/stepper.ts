import { EverybeatError } from '../../errors.js'
import type { MemoryStore } from '../../memory/index.js'
import type { Handlers } from './handlers.js'
import type { IdleTime } from './idle-time.js'
import type { Network } from './network.js'
import type { VirtualTime } from './virtual-time.js'

/** So long a handler may go on without waiting for the clock of the fleet, real ms. */
const STUCK_MS = 5_000
/** For so long at most an idle worker sends no heartbeat, virtual ms. */
const MOST_SILENT_MS = 86_400_000
/** So often, in real ms, the fleet checks for handlers whose end no event announced. */
const LOOK_MS = 50

/** What a fleet's clock is moved by. */
export interface StepperParts {
  readonly store: MemoryStore
  readonly time: VirtualTime
  readonly network: Network
  readonly handlers: Handlers
  readonly idle: IdleTime
  /** The workers that live and are connected; null while one is frozen or cut off. */
  readonly alive: () => ReadonlySet<string> | null
}

/** Moves the clock of a fleet from event to event, so that nothing waits and nothing races. */
export class Stepper {
  readonly #parts: StepperParts

  constructor(parts: StepperParts) {
    this.#parts = parts
  }

  /** Moves on to an instant; everything up to it, and at it, has happened then. */
  async moveTo(instantMs: number): Promise<void> {
    const { time } = this.#parts
    await this.settle()
    while (await this.step(instantMs));
    if (time.nowMs < instantMs) {
      this.#keepAlive(instantMs)
      time.moveTo(instantMs)
      await this.settle()
    }
  }

  /** Goes on to the next event up to an instant; says whether there was one. */
  async step(instantMs: number): Promise<boolean> {
    const { time, store } = this.#parts
    const next = time.next()
    if (!next) return false
    const until = this.#idleUntil(instantMs)
    if (until !== null && until > next.at) {
      time.postponeIntervals(until, MOST_SILENT_MS)
      this.#parts.idle.keepAlive(until - time.nowMs + store.now())
      time.moveTo(until)
    } else {
      if (next.at > instantMs) return false
      time.moveTo(next.at)
    }
    store.removeExpired()
    await this.#ringDue()
    return true
  }

  /** Rings what is due, one timer after the other, and lets each come to its end. */
  async #ringDue(): Promise<void> {
    const { time } = this.#parts
    for (let timer = time.next(); timer && timer.at <= time.nowMs; timer = time.next()) {
      time.ring(timer)
      await this.settle()
    }
  }

  /** Waits until nothing is under way: no message, and no handler that waits for something real. */
  async settle(): Promise<void> {
    const { network, handlers, time } = this.#parts
    let stuckSince: number | null = null
    for (;;) {
      await network.quiet()
      const next = time.next()
      if (next?.isImmediate && next.at <= time.nowMs) {
        time.ring(next)
        continue
      }
      const [stuck] = handlers.busy
      if (!stuck) return
      stuckSince ??= performance.now()
      if (performance.now() - stuckSince > STUCK_MS) throw tellStuck(stuck)
      await handlers.change(LOOK_MS)
    }
  }

  #idleUntil(instantMs: number): number | null {
    const { handlers, idle, time, store, alive } = this.#parts
    if (handlers.count > 0) return null
    const workers = alive()
    if (!workers || time.hasOwnTimer()) return null
    const until = idle.until(store.now(), workers)
    // The clock of the store may be another one.
    return until === null ? null : Math.min(until - store.now() + time.nowMs, instantMs)
  }

  #keepAlive(atMs: number): void {
    const { idle, store, time } = this.#parts
    if (this.#idleUntil(atMs) !== null) idle.keepAlive(atMs - time.nowMs + store.now())
  }
}

function tellStuck({ runId, schedule, task }: { runId: string; schedule: string; task: string }): EverybeatError {
  const message =
    `the handler of task ${JSON.stringify(task)} has not settled run ${runId} of schedule ${JSON.stringify(schedule)} for ` +
    `${STUCK_MS / 1000} s of real time, and the clock of the fleet waits for it. A handler that is to last in virtual time awaits fleet.sleep(…)`
  return new EverybeatError('ERR_EVERYBEAT_STATE', message, { field: 'handler', value: runId })
}
