/** The reasons of `run:failed`. */
export type FailureReason = 'error' | 'payload' | 'timeout' | 'cancelled' | 'replaced'

/** The reasons of `run:skipped`. */
export type SkipReason =
  | 'overlap'
  | 'max-concurrent'
  | 'replaced'
  | 'misfire'
  | 'catch-up-window'
  | 'catch-up-cap'
  | 'paused'
  | 'disabled'
  | 'invalid'

/** The reasons of `run:abandoned`. */
export type AbandonReason = 'crash' | 'lease-lost' | 'shutdown' | 'started-elsewhere'

/** Why an occurrence ended: any reason of a history entry. */
export type HistoryReason = FailureReason | SkipReason | AbandonReason | 'max-deliveries'

/** The reasons of a run's wait. */
export type WaitReason = 'retry' | 'rerun' | 'returned' | 'queued' | 'replace' | 'asked' | 'backfill'
