import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/** Replaces this process's clocks and timers by ones that stand still until the test moves them. */
export interface DrivenClock extends Disposable {
  readonly nowMs: number
  /** Runs `work`; the timers and connections that it makes, also later, die with this owner. */
  own<T>(owner: string, work: () => T): T
  /** The owner that the calling code belongs to; undefined when it belongs to the test, or its owner is dead. */
  owner(): string | undefined
  /** Ends an owner as SIGKILL would: its connections are cut, and nothing it waits for ever comes. */
  kill(owner: string): void
  /** When the next timer rings, epoch ms; Infinity when there is none. */
  nextTimerAt(): number
  /** Moves to an instant, and rings what is due then, one turn of the event loop each. */
  moveTo(instantMs: number): Promise<void>
}

interface Timer {
  at: number
  readonly order: number
  readonly owner: string | undefined
  readonly everyMs: number | null
  readonly ring: () => void
}

const real = {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  Date,
  random: Math.random.bind(Math),
  now: performance.now.bind(performance),
  wait: Atomics.wait.bind(Atomics),
}

/** Waits by the machine's own clock: rejects when `work` has not come to its end in time. */
export async function withinRealTime<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = real.setTimeout(() => reject(new Error(`${what}: not done within ${ms} ms of the machine's time`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    real.clearTimeout(timer)
  }
}

/** One turn of the event loop: what the network brought is worked off. */
export function oneTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
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

/** Installs the clock in this process; disposing of it brings the real ones back. Sockets and `setImmediate` stay real. */
export function installDrivenClock(startMs: number, seed: number): DrivenClock {
  const owners = new AsyncLocalStorage<string>()
  const dead = new Set<string>()
  const timers = new Set<Timer>()
  const sockets = new Map<string, Set<Socket>>()
  let nowMs = startMs
  let orderCount = 0

  function add(callback: (...args: unknown[]) => void, ms: unknown, args: unknown[], repeats: boolean): object {
    const delay = Math.max(1, Math.trunc(Number(ms)) || 1)
    const owner = owners.getStore()
    const timer: Timer = {
      at: nowMs + delay,
      order: (orderCount += 1),
      owner,
      everyMs: repeats ? delay : null,
      ring: owner === undefined ? () => callback(...args) : () => owners.run(owner, callback, ...args),
    }
    if (owner === undefined || !dead.has(owner)) timers.add(timer)
    const handle = { ref: () => handle, unref: () => handle, hasRef: () => true, timer }
    return handle
  }

  function remove(handle: unknown): void {
    const timer = (handle as { timer?: Timer } | undefined | null)?.timer
    if (timer) timers.delete(timer)
    else if (handle) real.clearTimeout(handle as NodeJS.Timeout)
  }

  function next(): Timer | null {
    let first: Timer | null = null
    for (const timer of timers) {
      if (!first || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }

  const onSocket = (message: unknown): void => {
    const owner = owners.getStore()
    if (owner === undefined) return
    const { socket } = message as { socket: Socket }
    if (dead.has(owner)) return void socket.destroy()
    if (!sockets.has(owner)) sockets.set(owner, new Set())
    sockets.get(owner)!.add(socket)
    socket.once('close', () => sockets.get(owner)?.delete(socket))
  }

  class DrivenDate extends real.Date {
    constructor(...given: unknown[]) {
      super(...((given.length === 0 ? [nowMs] : given) as [number]))
    }
    static override now = (): number => nowMs
  }

  subscribe('net.client.socket', onSocket)
  Math.random = seededRandom(seed)
  performance.now = () => nowMs - startMs
  // A sleeping thread is woken at once: no time passes by the sleep.
  Atomics.wait = () => 'timed-out'
  Object.assign(globalThis, {
    Date: DrivenDate,
    setTimeout: (callback: () => void, ms?: unknown, ...args: unknown[]) => add(callback, ms, args, false),
    setInterval: (callback: () => void, ms?: unknown, ...args: unknown[]) => add(callback, ms, args, true),
    clearTimeout: remove,
    clearInterval: remove,
  })

  return {
    get nowMs() {
      return nowMs
    },
    own: (owner, work) => owners.run(owner, work),
    owner() {
      const owner = owners.getStore()
      return owner === undefined || dead.has(owner) ? undefined : owner
    },
    kill(owner) {
      dead.add(owner)
      for (const timer of timers) if (timer.owner === owner) timers.delete(timer)
      for (const socket of sockets.get(owner) ?? []) socket.destroy()
      sockets.delete(owner)
    },
    nextTimerAt: () => next()?.at ?? Number.POSITIVE_INFINITY,
    async moveTo(instantMs) {
      nowMs = Math.max(nowMs, instantMs)
      for (let timer = next(); timer && timer.at <= nowMs; timer = next()) {
        if (timer.everyMs === null) timers.delete(timer)
        else {
          timer.at = nowMs + timer.everyMs
        }
        timer.ring()
        await oneTurn()
      }
    },
    [Symbol.dispose]() {
      unsubscribe('net.client.socket', onSocket)
      const { random, now, wait, ...globals } = real
      Math.random = random
      performance.now = now
      Atomics.wait = wait
      Object.assign(globalThis, globals)
      timers.clear()
    },
  }
}
