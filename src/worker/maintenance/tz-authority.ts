import type { Definition } from '../../schedule/definition.js'
import { dependsOnZoneData, UNKNOWN_ZONE } from '../../schedule/zone-check.js'
import { isOlderTzData } from '../../time/tz-data.js'
import type { FleetZoneData } from '../store.js'

/** What a worker leaves to others because their time-zone data is newer than its own, and what it does for others. */
export interface ZoneDuty {
  /** The worker that plans for those with older data; empty when there is none. */
  readonly planner: string
  /** Whether that is this worker, and the data of the fleet is not all the same. */
  readonly checksWrites: boolean
  /** The version with which this worker has looked at all plans, until Redis has been told; else empty. */
  readonly lookedWith: string
  hear(data: FleetZoneData): void
  /** Whether the instants of a schedule are computed by somebody with newer data, as long as one lives. */
  leaves(definition: Definition | null, error?: string | null): boolean
  haveLooked(): void
  told(lookedWith: string): void
}

/** Creates the duty of a worker with this version of time-zone data. */
export function createZoneDuty(workerId: string, version: string): ZoneDuty {
  let isOlder = false
  let planner = ''
  let checksWrites = false
  let lookedWith = ''
  return {
    get planner() {
      return planner
    },
    get checksWrites() {
      return checksWrites
    },
    get lookedWith() {
      return lookedWith
    },
    hear(data) {
      isOlder = isOlderTzData(version, data.newest)
      planner = data.planner
      checksWrites = data.isMixed && planner === workerId
    },
    leaves(definition, error = null) {
      if (!isOlder) return false
      return definition ? definition.enabled && dependsOnZoneData(definition) : error?.startsWith(UNKNOWN_ZONE) === true
    },
    haveLooked() {
      lookedWith = version
    },
    told(what) {
      if (lookedWith === what) lookedWith = ''
    },
  }
}
