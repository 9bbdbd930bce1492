/** Batches in progress at once: the next one is prepared while Redis works on the other. */
const AHEAD = 2

/**
 * Works through a long list in batches, a few at once, and reports after each batch the number of finished items.
 * Rejects with the first error once no batch is in progress.
 */
export async function inBatches<Item>(
  items: readonly Item[],
  size: number,
  work: (batch: readonly Item[]) => Promise<void>,
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined,
): Promise<void> {
  let next = 0
  let done = 0
  async function follow(): Promise<void> {
    while (next < items.length) {
      const start = next
      next = Math.min(start + size, items.length)
      const batch = items.slice(start, next)
      await work(batch)
      done += batch.length
      onProgress?.({ done, total: items.length })
    }
  }
  const ends = await Promise.allSettled(Array.from({ length: AHEAD }, follow))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}
