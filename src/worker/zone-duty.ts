import type { Definition } from '../schedule/definition.js'
import { dependsOnZoneData, UNKNOWN_ZONE } from '../schedule/zone-check.js'
import { isOlderTzData } from '../time/tz-data.js'

/** Which schedules a worker leaves to others because their time-zone data is newer than its own. */
export interface ZoneDuty {
  /** The version that this worker computes with. */
  readonly version: string
  /** Takes in the newest version among the live workers. */
  hear(newest: string): void
  /** Whether the instants of a schedule are computed by somebody with newer data, as long as one lives. */
  leaves(definition: Definition | null, error?: string | null): boolean
}

/** Creates the duty of a worker with this version of time-zone data. */
export function createZoneDuty(version: string): ZoneDuty {
  let isOlder = false
  return {
    version,
    hear: (newest) => void (isOlder = isOlderTzData(version, newest)),
    leaves(definition, error = null) {
      if (!isOlder) return false
      return definition ? definition.enabled && dependsOnZoneData(definition) : error?.startsWith(UNKNOWN_ZONE) === true
    },
  }
}
