import { SYSTEM_TIME, type Timer, type TimeSource } from '../../src/time-source.js'

/** A time source that only the test moves. */
export interface SteppedTime extends TimeSource {
  /** Timers that have not fired and are not cleared. */
  readonly timerCount: number
  /** Moves time forward, and fires what is due on the way in the order of the instants. */
  advance(durationMs: number): Promise<void>
}

interface Entry {
  at: number
  readonly order: number
  readonly periodMs: number | null
  readonly callback: () => void
}

/** Creates a time source whose wall clock shows `wallMs`; random numbers and `setImmediate` stay the machine's. */
export function createSteppedTime(wallMs: number): SteppedTime {
  const entries = new Map<Timer, Entry>()
  let nowMs = 0
  let order = 0

  function add(callback: () => void, delayMs: number, isRepeated: boolean): Timer {
    const timer: Timer = { unref: () => timer }
    const delay = Math.max(1, delayMs)
    entries.set(timer, { at: nowMs + delay, order: (order += 1), periodMs: isRepeated ? delay : null, callback })
    return timer
  }

  function takeDue(untilMs: number): Entry | null {
    const due = [...entries].filter(([, { at }]) => at <= untilMs)
    const [first] = due.sort(([, a], [, b]) => a.at - b.at || a.order - b.order)
    if (!first) return null
    const [timer, entry] = first
    nowMs = Math.max(nowMs, entry.at)
    if (entry.periodMs === null) entries.delete(timer)
    else entry.at += entry.periodMs
    return entry
  }

  return {
    ...SYSTEM_TIME,
    get timerCount() {
      return entries.size
    },
    monotonic: () => nowMs,
    wall: () => wallMs + nowMs,
    setTimeout: (callback, delayMs) => add(callback, delayMs, false),
    setInterval: (callback, delayMs) => add(callback, delayMs, true),
    clearTimeout: (timer) => void entries.delete(timer),
    clearInterval: (timer) => void entries.delete(timer),
    block: (durationMs) => void (nowMs += durationMs),
    async advance(durationMs) {
      const untilMs = nowMs + durationMs
      for (let entry = takeDue(untilMs); entry; entry = takeDue(untilMs)) {
        entry.callback()
        await new Promise((resolve) => setImmediate(resolve))
      }
      nowMs = untilMs
    },
  }
}
