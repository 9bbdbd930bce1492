/** The outcome of a write. */
export interface PutResult {
  /**
   * `conflict`: the schedule does not have the revision of `ifRevision`, and nothing was written. `outdated`, only of a
   * declaration: a higher `version` has declared the schedule, and nothing was written.
   */
  outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'missing' | 'outdated'
  /** The revision of the schedule now; 0 when it does not exist. */
  revision: number
}

/** The condition of a write. */
export interface WriteOptions {
  /**
   * The revision that the schedule must have; 0: it must not exist. If it has another revision, nothing is written.
   * Default: any.
   */
  ifRevision?: number | undefined
}

/** The outcome of a removal. */
export interface RemoveResult {
  /** `missing`: no schedule has this name. */
  outcome: 'removed' | 'missing'
  /** Present when code declares the schedule: the next start of that code creates it again. */
  isDeclared?: true
}
