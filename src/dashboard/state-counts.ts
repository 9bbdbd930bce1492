import type { Catalogue } from './catalogue.js'
import type { StateCounts } from './catalogue-summary.js'
import type { FleetSource } from './fleet-source.js'

/**
 * Counts the schedules by state. Of many schedules the catalogue may be a minute old: their states are counted by the
 * indexes of the fleet, which cost the same however many there are. There is no index of what failed. While
 * a shard does not answer, the catalogue counts.
 */
export async function countStates(source: FleetSource, catalogue: Catalogue): Promise<StateCounts> {
  const { counts } = catalogue.summary
  return catalogue.isSmall ? counts : { ...counts, ...(await source.figures())?.schedules }
}
