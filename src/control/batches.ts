/** Batches under way at once: while Redis works on one the next is made ready. */
const AHEAD = 2

/**
 * Works through a long list in batches, a few at once, and tells after each how many items are done. Rejects with the
 * first error, when no batch is under way any more.
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
