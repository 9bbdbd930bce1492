import { formatDuration } from '../../time/duration.js'
import type { Finding } from './finding.js'
import type { WorkerView } from '../fleet.js'

/** A clock that is off by more than this is worth a word, ms. */
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
    message: 'no live worker is under this prefix',
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
    why: 'instants go by Redis’s clock, so nothing fires early or late; but logs and what handlers do with their own clock will not match, and one of the clocks is wrong',
    advice: 'look which one is, and let NTP set it',
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
      why: 'the older ones do not know what the newer ones can do, and refuse definitions that use it',
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
      why: 'those with the newest plan the schedules with a time zone; if the last of them goes, older data plans them again',
      advice: 'run one version of Node.js on all of them',
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

/** The first few, and how many more. */
export function list(items: readonly string[], shown = 5): string {
  const rest = items.length - shown
  return `${items.slice(0, shown).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
