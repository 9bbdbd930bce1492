// The needs of a fleet, from the costs of one schedule and one fire. The guide "Capacity" gives the same formulae in words.

/** Measured costs; `docs/guides/capacity.md` names the command. Microseconds of Redis's one thread, bytes. */
export const MEASURED = Object.freeze({
  /** One fire that shares no call with others: a claim and a settlement, network handling included. */
  fireMicroseconds: 150,
  /** Telling one worker of it, which six fires of ten do, each time all of them. */
  tellMicroseconds: 2.2,
  /** One definition written in bulk. */
  putMicroseconds: 17,
  /** Heartbeat with its part of the shared upkeep. */
  beatMicroseconds: 100,
  /** With a cron, once it has fired. */
  scheduleBytes: 1230,
  /** Of a history of 20 entries and more. */
  historyBytes: 53,
})

/** Share of its one thread above which a Redis answers late when many schedules share an instant. */
export const SAFE_UTILIZATION = 0.5
const BEAT_SECONDS = 5
const HISTORY_DAYS = 30
/** A stream is trimmed by whole nodes, of some ninety entries each. */
const TRIM_COUNT = 90

/**
 * The use of Redis by a fleet.
 *
 * @param {{ schedules: number, firesPerSecond: number, workers: number, shards?: number, historyCount?: number,
 *   extraBytes?: number, sameInstant?: number }} fleet `extraBytes`: name, payload and the rest beyond the example;
 *   `sameInstant`: the most schedules that share one instant
 */
export function planCapacity(fleet, costs = MEASURED) {
  const { schedules, firesPerSecond, workers, shards = 1, historyCount = 1000, extraBytes = 0, sameInstant = 0 } = fleet
  const fires = firesPerSecond * fireSeconds(workers, costs)
  const beats = ((workers / BEAT_SECONDS) * costs.beatMicroseconds) / 1e6
  const firesPerSchedule = schedules === 0 ? 0 : firesPerSecond / schedules
  // No entry is kept for longer than thirty days.
  const kept = Math.min(historyCount + TRIM_COUNT, firesPerSchedule * HISTORY_DAYS * 86_400)
  const bytes = schedules * (costs.scheduleBytes + extraBytes + kept * costs.historyBytes)
  return {
    utilization: fires / shards + beats,
    shardsNeeded: Math.max(1, Math.ceil(fires / Math.max(0.01, SAFE_UTILIZATION - beats))),
    bytes,
    historyShare: bytes === 0 ? 0 : (schedules * kept * costs.historyBytes) / bytes,
    /** Delay of the last of the schedules that share an instant, as far as Redis causes it. */
    herdSeconds: (sameInstant * fireSeconds(workers, costs)) / shards,
    loadSeconds: (schedules * costs.putMicroseconds) / 1e6 / shards,
  }
}

/** The time of Redis for one fire in a fleet of this number of workers, seconds. */
export function fireSeconds(workers, costs = MEASURED) {
  return (costs.fireMicroseconds + workers * costs.tellMicroseconds) / 1e6
}

/** How many runs at once a fleet must have room for: Little's law, with room for `peak` times the mean. */
export function slotsNeeded(firesPerSecond, runSeconds, peak = 2) {
  return Math.ceil(firesPerSecond * runSeconds * peak)
}
