import { formatDuration } from '../../time/duration.js'
import type { Finding } from './finding.js'
import type { WorkerView } from '../fleet.js'

/** Difference from Redis's clock that is reported, ms. */
const SKEW_MS = 1_000

/** Judges the live workers, and the clock of this machine. */
export function diagnoseFleet(workers: readonly WorkerView[], hasSchedules: boolean, skewMs: number): Finding[] {
  return [presence(workers, hasSchedules), clocks(workers, skewMs), versions(workers), zoneData(workers)].flat()
}

function presence(workers: readonly WorkerView[], hasSchedules: boolean): Finding {
  const check = 'workers'
  if (workers.length > 0) {
    return { check, level: 'ok', message: workers.length === 1 ? '1 live worker' : `${workers.length} live workers` }
  }
  return {
    check,
    level: hasSchedules ? 'problem' : 'warning',
    message: 'no worker is live under this prefix',
    why: hasSchedules ? 'nothing runs' : 'no worker will run a schedule that is added',
    advice: 'start one with this prefix, and look at --redis and --prefix',
  }
}

function clocks(workers: readonly WorkerView[], skewMs: number): Finding {
  const off = workers
    .filter((worker) => Math.abs(worker.skewMs) > SKEW_MS)
    .map(({ host, pid, skewMs: by }) => `${host} (pid ${pid}) by ${signed(by)}`)
  if (Math.abs(skewMs) > SKEW_MS) off.unshift(`this machine by ${signed(skewMs)}`)
  if (off.length === 0) return { check: 'clocks', level: 'ok', message: 'no clock is off by more than a second' }
  return {
    check: 'clocks',
    level: 'warning',
    message: `clocks differ from Redis's: ${list(off)}`,
    why: 'schedules follow Redis’s clock, so nothing fires early or late; but times in logs and in handlers differ between machines, and at least one clock is wrong',
    advice: 'find the clock that is wrong, and let NTP set it',
  }
}

function versions(workers: readonly WorkerView[]): Finding[] {
  const counts = countBy(workers, ({ version }) => version)
  if (counts.size < 2) return []
  return [
    {
      check: 'versions',
      level: 'warning',
      message: `the workers run different versions of Everybeat: ${describeCounts(counts)}`,
      why: 'the older workers refuse definitions that use features of the newer version',
      advice: 'finish the deploy',
    },
  ]
}

function zoneData(workers: readonly WorkerView[]): Finding[] {
  const counts = countBy(workers, ({ tz }) => tz)
  if (counts.size < 2) return []
  return [
    {
      check: 'time-zone-data',
      level: 'warning',
      message: `the workers have different time-zone data: ${describeCounts(counts)}`,
      why: 'the workers with the newest data plan the schedules that have a time zone; when the last of them stops, workers with older data plan these schedules',
      advice: 'run the same version of Node.js on all workers',
    },
  ]
}

function countBy(workers: readonly WorkerView[], key: (worker: WorkerView) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const worker of workers) counts.set(key(worker), (counts.get(key(worker)) ?? 0) + 1)
  return counts
}

function describeCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([value, count]) => `${value || 'unknown'} on ${count}`).join(', ')
}

function signed(ms: number): string {
  return `${ms < 0 ? '-' : '+'}${formatDuration(Math.round(Math.abs(ms)))}`
}

/** Names the first items, and the number of the others. */
export function list(items: readonly string[], shown = 5): string {
  const rest = items.length - shown
  return `${items.slice(0, shown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
