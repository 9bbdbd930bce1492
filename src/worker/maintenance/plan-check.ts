import type { WorkerRuntime } from '../shard-runtime.js'
import type { FleetZoneData } from '../store.js'
import type { Maintenance } from './maintenance.js'

/** Checks all plans when a heartbeat says that plans may come from older time-zone data than this worker's. */
export class PlanCheck {
  readonly #runtime: Pick<WorkerRuntime, 'tzAuthority' | 'emit'>
  readonly #shards: () => readonly Maintenance[]
  #isChecking = false

  /** @param shards gives the maintenance of each shard */
  constructor(runtime: Pick<WorkerRuntime, 'tzAuthority' | 'emit'>, shards: () => readonly Maintenance[]) {
    this.#runtime = runtime
    this.#shards = shards
  }

  /** Processes the time-zone data of the fleet in the reply of a heartbeat. */
  onZoneData(data: FleetZoneData): void {
    const { tzAuthority, emit } = this.#runtime
    tzAuthority.onZoneData(data)
    if (data.mix) emit('fleet:mixed-tz', { versions: data.mix })
    if (data.mustInspectAll && !this.#isChecking) void this.#checkAll()
  }

  async #checkAll(): Promise<void> {
    this.#isChecking = true
    const done = await Promise.all(this.#shards().map((maintenance) => maintenance.checkAllPlans()))
    this.#isChecking = false
    if (done.every((isComplete) => isComplete)) this.#runtime.tzAuthority.onAllChecked()
  }
}
