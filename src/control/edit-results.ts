/** The outcome of a write. */
export interface PutResult {
  /**
   * `conflict`: the revision is not the one that was asked for, and nothing was written. `outdated`, of a declaration: a
   * higher `version` has declared the schedule, and nothing was written.
   */
  outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'missing' | 'outdated'
  /** The revision of the schedule now; 0 when it does not exist. */
  revision: number
}

/** What a write asks for. */
export interface WriteOptions {
  /** The revision that the schedule must have, 0 for none yet; with another one nothing is written. Default: any. */
  ifRevision?: number | undefined
}

/** The outcome of a removal. */
export interface RemoveResult {
  /** `missing`: no schedule has this name. */
  outcome: 'removed' | 'missing'
  /** Code declares the schedule, so it comes back at the next start of that code; left out where none does. */
  isDeclared?: true
}
