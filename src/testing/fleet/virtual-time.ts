/** A timer of the virtual clock. */
export interface VirtualTimer {
  readonly owner: string
  at: number
  /** When an interval last rang. */
  rangAt: number
  readonly order: number
  readonly everyMs: number | null
  readonly ring: () => void
  /** Whether it rings in the next turn at the same instant, so that it is no wait. */
  readonly isImmediate: boolean
  unref(): VirtualTimer
}

/** The clocks, timers and random numbers of the engine. */
export interface VirtualSource {
  readonly monotonic: () => number
  readonly wall: () => number
  readonly setTimeout: (callback: () => void, delayMs: number) => VirtualTimer
  readonly clearTimeout: (timer: unknown) => void
  readonly setInterval: (callback: () => void, periodMs: number) => VirtualTimer
  readonly clearInterval: (timer: unknown) => void
  readonly setImmediate: (callback: () => void) => VirtualTimer
  readonly clearImmediate: (timer: unknown) => void
  readonly block: (durationMs: number) => void
  readonly random: () => number
  readonly randomId: () => string
}

/** Begin of the names of owners other than workers. */
export const SLEEP = 'sleep '

/** Most turns at one instant; after them a turn takes a millisecond, because the engine waits in small steps. */
const MOST_TURNS = 200

/** A clock that only calls move, with the timers of several owners in one order. */
export class VirtualTime {
  readonly #timers = new Set<VirtualTimer>()
  readonly #dead = new Set<string>()
  readonly #frozen = new Set<string>()
  /** Offsets of the wall clocks of owners, ms. */
  readonly #wallOffsets = new Map<string, number>()
  /** Owners that have just slept for a part of a millisecond. */
  readonly #blocked = new Set<string>()
  readonly #random: () => number
  /** The instant that the clock shows, epoch ms. */
  #nowMs: number
  /** Number of timers so far, which orders the timers of one instant. */
  #orderCount = 0
  /** Turns of the event loop since the last event. */
  #turns = 0

  constructor(startMs: number, seed: number) {
    this.#nowMs = startMs
    this.#random = seededRandom(seed)
  }

  get nowMs(): number {
    return this.#nowMs
  }

  random(): number {
    return this.#random()
  }

  /** Moves the clock forward; it never goes back. */
  moveTo(instantMs: number): void {
    if (instantMs <= this.#nowMs) return
    this.#nowMs = instantMs
    this.#turns = 0
  }

  /** Calls back after a delay, for an owner. */
  add(owner: string, delayMs: number, ring: () => void, everyMs: number | null = null): VirtualTimer {
    return this.#put(owner, Math.ceil(this.#nowMs + Math.max(1, delayMs || 0)), ring, { everyMs, isImmediate: false })
  }

  #put(owner: string, at: number, ring: () => void, kind: Pick<VirtualTimer, 'everyMs' | 'isImmediate'>): VirtualTimer {
    const timer: VirtualTimer = {
      owner,
      at,
      rangAt: this.#nowMs,
      order: (this.#orderCount += 1),
      ring,
      ...kind,
      unref: () => timer,
    }
    if (!this.#dead.has(owner)) this.#timers.add(timer)
    return timer
  }

  remove(timer: unknown): void {
    this.#timers.delete(timer as VirtualTimer)
  }

  /** The first timer that may ring; null when there is none. */
  next(): VirtualTimer | null {
    let first: VirtualTimer | null = null
    for (const timer of this.#timers) {
      if (this.#frozen.has(timer.owner)) continue
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }

  /** Whether a timer is due at this instant. */
  hasDue(): boolean {
    const next = this.next()
    return next !== null && next.at <= this.#nowMs
  }

  /** Whether an owner other than the engine waits: a handler that sleeps, a message in flight. */
  hasOwnTimer(): boolean {
    for (const { owner } of this.#timers) if (owner.startsWith(SLEEP)) return true
    return false
  }

  /** Skips a time without events: intervals that rang recently ring later by as much. */
  postponeIntervals(toMs: number, mostMs: number): void {
    const passedMs = toMs - this.#nowMs
    for (const timer of this.#timers) {
      if (timer.everyMs !== null && timer.at <= toMs && toMs - timer.rangAt < mostMs) timer.at += passedMs
    }
  }

  /** Rings a timer; an interval rings again after its period. */
  ring(timer: VirtualTimer): void {
    if (!this.#timers.has(timer)) return
    if (timer.everyMs === null) this.#timers.delete(timer)
    else {
      timer.at = this.#nowMs + timer.everyMs
      timer.rangAt = this.#nowMs
    }
    timer.ring()
  }

  /** Ends an owner: its timers never ring. */
  kill(owner: string): void {
    this.#dead.add(owner)
    for (const timer of this.#timers) if (timer.owner === owner) this.#timers.delete(timer)
  }

  setFrozen(owner: string, isFrozen: boolean): void {
    if (isFrozen) this.#frozen.add(owner)
    else this.#frozen.delete(owner)
  }

  /** Sets the wall clock of an owner ahead by a number of ms; its monotonic clock does not change. */
  setWallOffset(owner: string, offsetMs: number): void {
    this.#wallOffsets.set(owner, offsetMs)
  }

  /** The clocks, timers and random numbers of one owner. */
  sourceFor(owner: string): VirtualSource {
    const originMs = this.#nowMs - 1_000
    const remove = (timer: unknown): void => this.remove(timer)
    return {
      monotonic: () => this.#nowMs - originMs,
      wall: () => this.#nowMs + (this.#wallOffsets.get(owner) ?? 0),
      setTimeout: (callback, delayMs) => this.add(owner, delayMs, callback),
      clearTimeout: remove,
      setInterval: (callback, periodMs) => this.add(owner, periodMs, callback, Math.max(1, Math.ceil(periodMs))),
      clearInterval: remove,
      setImmediate: (callback) => this.#addImmediate(owner, callback),
      clearImmediate: remove,
      block: () => void this.#blocked.add(owner),
      random: () => this.#random(),
      randomId: () =>
        Array.from({ length: 4 }, () =>
          Math.floor(this.#random() * 65_536)
            .toString(16)
            .padStart(4, '0'),
        ).join(''),
    }
  }

  #addImmediate(owner: string, ring: () => void): VirtualTimer {
    this.#turns += 1
    const hasSlept = this.#blocked.delete(owner) || this.#turns > MOST_TURNS
    const at = hasSlept ? Math.floor(this.#nowMs) + 1 : this.#nowMs
    return this.#put(owner, at, ring, { everyMs: null, isImmediate: true })
  }
}

/** Random numbers in [0, 1) from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
