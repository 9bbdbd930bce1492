import type { InstantRule } from '../../schedule/instant-rules.js'
import { dependsOnZoneData, UNKNOWN_ZONE } from '../../schedule/zone-check.js'
import { isOlderTzData } from '../../time/tz-data.js'
import type { FleetZoneData } from '../store.js'

/**
 * Decides which schedules a worker with older time-zone data leaves to the tz authority, the worker with the newest
 * data, and what the authority itself checks.
 */
export class TzAuthority {
  readonly #workerId: string
  /** The version of this worker's time-zone data. */
  readonly #version: string
  /** Whether the fleet has newer data. */
  #isOlder = false
  /** The id of the authority; empty when there is none. */
  #authorityId = ''
  /** Whether this worker is the authority of a fleet with several versions. */
  #checksWrites = false
  /** The version with which this worker has checked all plans, until Redis has recorded it; else empty. */
  #checkedWith = ''

  constructor(workerId: string, version: string) {
    this.#workerId = workerId
    this.#version = version
  }

  /** The id of the tz authority; empty for none. */
  get authorityId(): string {
    return this.#authorityId
  }

  /** Whether this worker checks each written schedule, because others may have planned it with older data. */
  get checksWrites(): boolean {
    return this.#checksWrites
  }

  /** The version with which this worker has checked all plans, until Redis has recorded it; else empty. */
  get checkedWith(): string {
    return this.#checkedWith
  }

  /** Records the time-zone data of the fleet from a heartbeat. */
  onZoneData(data: FleetZoneData): void {
    this.#isOlder = isOlderTzData(this.#version, data.newest)
    this.#authorityId = data.authorityId
    this.#checksWrites = data.isMixed && this.#authorityId === this.#workerId
  }

  /** Whether the schedule is left to a live worker with newer data. */
  isPlannedElsewhere(definition: InstantRule | null, error: string | null = null): boolean {
    if (!this.#isOlder) return false
    return definition ? definition.enabled && dependsOnZoneData(definition) : error?.startsWith(UNKNOWN_ZONE) === true
  }

  /** Records that this worker has checked all plans. */
  onAllChecked(): void {
    this.#checkedWith = this.#version
  }

  /** Notes that Redis has recorded the check of all plans with this version. */
  onRecorded(checkedWith: string): void {
    if (this.#checkedWith === checkedWith) this.#checkedWith = ''
  }
}
