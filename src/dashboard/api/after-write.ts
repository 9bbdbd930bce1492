import { scheduleEvent } from '../live/fleet-observer.js'
import type { RequestContext } from '../request-context.js'

/** Lets everybody who watches see a write of this dashboard at once, and the next search find it. */
export async function afterWrite({ services, user }: RequestContext, names: readonly string[]): Promise<void> {
  const { source, catalogue, feed } = services
  await Promise.all(
    names.map(async (name) => {
      const isKnown = catalogue.rows.has(name)
      catalogue.take(name, await source.get(name))
      feed.publish('schedule', { ...scheduleEvent(name, isKnown, catalogue.rows.get(name) ?? null), by: user.user })
    }),
  )
}
