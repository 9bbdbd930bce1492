import type { Catalogue } from './catalogue.js'
import type { StateCounts } from './catalogue-summary.js'
import type { FleetSource } from './fleet-source.js'

/**
 * Counts the schedules by state. With many schedules the catalogue may be a minute old, so the indexes of the fleet give the
 * counts, at the same cost for every number of schedules. Failed schedules have no index. While
 * a shard does not answer, the catalogue counts.
 */
export async function countStates(source: FleetSource, catalogue: Catalogue): Promise<StateCounts> {
  const { counts } = catalogue.summary
  return catalogue.isSmall ? counts : { ...counts, ...(await source.figures())?.schedules }
}
