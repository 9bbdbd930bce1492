import type { InstantRule } from '../../schedule/instant-rules.js'
import { dependsOnZoneData, UNKNOWN_ZONE } from '../../schedule/zone-check.js'
import { isOlderTzData } from '../../time/tz-data.js'
import type { FleetZoneData } from '../store.js'

/**
 * What a worker leaves to the tz authority, the worker with the newest time-zone data, because its own data is older; and
 * what it plans for others when it is the authority.
 */
export class TzAuthority {
  readonly #workerId: string
  /** The version of this worker's time-zone data. */
  readonly #version: string
  /** Whether the fleet has newer data. */
  #isOlder = false
  /** The authority; empty when there is none. */
  #planner = ''
  /** Whether this worker is the authority of a fleet with several versions. */
  #checksWrites = false
  /** The version with which this worker has checked all plans; empty once Redis knows. */
  #checkedWith = ''

  constructor(workerId: string, version: string) {
    this.#workerId = workerId
    this.#version = version
  }

  /** The worker that plans for those with older data; empty when there is none. */
  get planner(): string {
    return this.#planner
  }

  /** Whether this worker checks each schedule that is written: others may have planned it with older data. */
  get checksWrites(): boolean {
    return this.#checksWrites
  }

  /** The version with which this worker has checked all plans, until Redis knows; else empty. */
  get checkedWith(): string {
    return this.#checkedWith
  }

  /** Takes in what a heartbeat says of the fleet's data. */
  onZoneData(data: FleetZoneData): void {
    this.#isOlder = isOlderTzData(this.#version, data.newest)
    this.#planner = data.planner
    this.#checksWrites = data.isMixed && this.#planner === this.#workerId
  }

  /** Whether a worker with newer data plans a schedule, as long as one lives. */
  isPlannedElsewhere(definition: InstantRule | null, error: string | null = null): boolean {
    if (!this.#isOlder) return false
    return definition ? definition.enabled && dependsOnZoneData(definition) : error?.startsWith(UNKNOWN_ZONE) === true
  }

  /** This worker has checked all plans. */
  onAllChecked(): void {
    this.#checkedWith = this.#version
  }

  /** Redis knows that this worker has checked all plans with this version. */
  onRecorded(checkedWith: string): void {
    if (this.#checkedWith === checkedWith) this.#checkedWith = ''
  }
}
