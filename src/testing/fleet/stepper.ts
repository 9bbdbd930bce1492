import { EverybeatError } from '../../errors.js'
import type { MemoryStore } from '../../memory/index.js'
import type { Handlers } from './handlers.js'
import type { IdleTime } from './idle-time.js'
import type { Network } from './network.js'
import type { VirtualTime } from './virtual-time.js'

/** Longest time of a handler without a wait for the clock of the fleet, real ms. */
const STUCK_MS = 5_000
/** Longest time without a heartbeat of an idle worker, virtual ms. */
const MOST_SILENT_MS = 86_400_000
/** Time between two checks for handlers whose end had no event, real ms. */
const LOOK_MS = 50

/** The parts of a fleet that move its clock. */
export interface StepperParts {
  readonly store: MemoryStore
  readonly time: VirtualTime
  readonly network: Network
  readonly handlers: Handlers
  readonly idle: IdleTime
  /** The live and connected workers; null while one is frozen or cut off. */
  readonly alive: () => ReadonlySet<string> | null
}

/** Moves the clock of a fleet from event to event, without waits and without races. */
export class Stepper {
  readonly #parts: StepperParts

  constructor(parts: StepperParts) {
    this.#parts = parts
  }

  /** Moves the clock to an instant; all events up to it, itself included, have happened then. */
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

  /** Moves the clock to the next event up to an instant. @returns whether one existed */
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

  /** Rings the due timers one after the other, each with all its consequences. */
  async #ringDue(): Promise<void> {
    const { time } = this.#parts
    for (let timer = time.next(); timer && timer.at <= time.nowMs; timer = time.next()) {
      time.ring(timer)
      await this.settle()
    }
  }

  /** Waits until no message is in flight and no handler waits for real work. */
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
    // The clock of the store may differ from that of the fleet.
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
