/** Occurrences before any limit is applied. Instants are epoch milliseconds; both functions are pure. */
export interface OccurrenceSource {
  /** The first occurrence strictly after the instant, or null for none. */
  next(afterMs: number): number | null
  /** The last occurrence strictly before the instant, or null for none. */
  previous(beforeMs: number): number | null
}
