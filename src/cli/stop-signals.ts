import type { EventEmitter } from 'node:events'

/** The signals that ask a command to end, each with the exit code of a process that it ends. */
export const STOP_EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGBREAK: 149, SIGHUP: 129 } as const

/** A signal that asks a command to end. */
export type StopSignal = keyof typeof STOP_EXIT_CODES

/** The source of signals; every field has the value of the real process as its default. */
export interface SignalSource {
  source?: EventEmitter
  platform?: NodeJS.Platform
}

/**
 * Calls the listener with each signal that asks this process to end, until the returned function is called: SIGINT and
 * SIGTERM; on Windows, which sends no SIGTERM, also SIGBREAK (Ctrl+Break) and SIGHUP (the console is closed).
 */
export function onStopSignal(listener: (signal: StopSignal) => void, place: SignalSource = {}): () => void {
  const { source = process, platform = process.platform } = place
  const signals: StopSignal[] =
    platform === 'win32' ? ['SIGINT', 'SIGTERM', 'SIGBREAK', 'SIGHUP'] : ['SIGINT', 'SIGTERM']
  for (const signal of signals) source.on(signal, listener)
  return () => {
    for (const signal of signals) source.off(signal, listener)
  }
}

/** Resolves with the first signal that asks this process to end; from then on signals have their usual effect. */
export function nextStopSignal(place: SignalSource = {}): Promise<StopSignal> {
  return new Promise((resolve) => {
    const off = onStopSignal((signal) => {
      off()
      resolve(signal)
    }, place)
  })
}
