/** Whether this worker does its work. */
export interface Health {
  /** Ticking: started, connected, and answered by Redis lately. */
  ok: boolean
  state: 'idle' | 'running' | 'stopped'
  worker: string | null
  /** Since Redis last answered a tick or a heartbeat, ms; null when it never did. */
  lastContactMs: number | null
  running: number
  /** This process's wall clock minus Redis's, ms; null before the first answer. */
  skewMs: number | null
}
