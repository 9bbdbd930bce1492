/** Why a run ended without success: `run:failed`. */
export type FailureReason = 'error' | 'payload' | 'timeout' | 'cancelled' | 'replaced'

/** Why an occurrence did not run: `run:skipped`. */
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

/** Why a run was given up: `run:abandoned`. */
export type AbandonReason = 'crash' | 'lease-lost' | 'shutdown' | 'started-elsewhere'

/** Why an occurrence ended as the history says it. */
export type HistoryReason = FailureReason | SkipReason | AbandonReason | 'max-deliveries'

/** Why a run waits. */
export type WaitReason = 'retry' | 'rerun' | 'returned' | 'queued' | 'replace' | 'asked' | 'backfill'
