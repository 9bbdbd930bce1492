import { signal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { loadSession, unreachable } from './api.js'
import { BASE } from './location.js'

/** Whether the stream of events is connected. */
export const liveState = signal<'connecting' | 'live' | 'away'>('connecting')

/** An event of the feed. */
export interface LiveEvent {
  readonly type: 'run' | 'schedule' | 'worker' | 'overview'
  readonly data: Readonly<Record<string, unknown>>
}

type Listener = (event: LiveEvent) => void

const listeners = new Set<Listener>()
let source: EventSource | null = null

/** Connects to the stream of events, once. The browser reconnects by itself, and sends the id of its last event. */
export function startLive(): void {
  if (source) return
  source = new EventSource(`${BASE}api/events`)
  source.onopen = () => {
    liveState.value = 'live'
    if (unreachable.value === 'server') unreachable.value = null
  }
  source.onerror = () => {
    liveState.value = 'away'
    // This request shows whether the server does not answer, or only the stream has ended.
    loadSession().catch(() => {})
    // The browser does not reconnect after a refusal. A later attempt may succeed, because the user may have signed in.
    if (source?.readyState !== EventSource.CLOSED) return
    source = null
    setTimeout(startLive, 5_000)
  }
  for (const type of ['run', 'schedule', 'worker', 'overview'] as const) {
    source.addEventListener(type, (event) => {
      const data = JSON.parse((event as MessageEvent<string>).data) as LiveEvent['data']
      if (data['redis'] !== undefined) unreachable.value = data['redis'] === 'away' ? 'redis' : null
      for (const listener of listeners) listener({ type, data })
    })
  }
}

/** Calls a function with events while a part is shown. */
export function useLive(listener: Listener): void {
  useLayoutEffect(() => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  })
}
