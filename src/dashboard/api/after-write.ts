import { isSameRow } from '../catalogue-row.js'
import { scheduleEvent } from '../live/fleet-observer.js'
import type { RequestContext } from '../request-context.js'

/** Shows a write of this dashboard to every browser that watches at once, and lets the next search find it. */
export async function afterWrite({ services, user }: RequestContext, names: readonly string[]): Promise<void> {
  const { source, catalogue, feed } = services
  await Promise.all(
    names.map(async (name) => {
      const view = await source.get(name)
      const before = catalogue.rows.get(name) ?? null
      catalogue.take(name, view)
      const after = catalogue.rows.get(name) ?? null
      // The announcement of the write may have been faster than its reply.
      if (catalogue.isHeard && before && after && isSameRow(before, after)) return
      feed.publish('schedule', { ...scheduleEvent(name, before !== null, after), by: user.user })
    }),
  )
}
