import { VERSION, type Everybeat } from '../index.js'
import type { FleetReader, FleetReading } from './fleet-reader.js'
import type { MetricFactory, SetGauge } from './metric-factory.js'

/** Makes the gauges of this worker and this process, which are read when they are scraped. */
export function createWorkerGauges(beat: Everybeat, fleet: FleetReader, factory: MetricFactory): void {
  factory.gauge('runs_running', 'Runs that this worker has now', [], (set) => set(beat.health().running))
  factory.gauge('slots_free', 'Runs that this worker could take beside those that it has', [], (set) => {
    const { slotsFree, worker } = beat.health()
    if (worker !== null) set(slotsFree)
  })
  factory.gauge('clock_offset_seconds', "The wall clock of this process minus Redis's", [], (set) => {
    const { skewMs } = beat.health()
    if (skewMs !== null) set(skewMs / 1_000)
  })
  factory.gauge(
    'event_loop_lag_seconds',
    'How long the event loop took to come round at this scrape',
    [],
    async (set) => {
      const askedAt = performance.now()
      await new Promise((resolve) => setImmediate(resolve))
      set((performance.now() - askedAt) / 1_000)
    },
  )
  factory.gauge('connected', '1 while Redis answers this instance, else 0', [], async (set) => {
    const reading = await fleet.read()
    const { connected, state } = beat.health()
    set(Number(reading !== null && (connected || state !== 'running')))
  })
  factory.gauge('build_info', '1, with the version of Everybeat', ['version'], (set) => set(1, { version: VERSION }))
}

/** Makes the gauges of the fleet, which share one reading of it. */
export function createFleetGauges(fleet: FleetReader, factory: MetricFactory): void {
  const gauge = gaugeOf(fleet, factory)
  gauge('schedules', 'Schedules of the fleet, by state', ['state'], ({ figures }, set) => {
    for (const [state, count] of Object.entries(figures.schedules)) set(count, { state })
  })
  gauge('due_backlog', 'Schedules that are due and not claimed', [], ({ figures }, set) => set(figures.dueCount))
  gauge('overdue_seconds', 'How long the earliest of what is due and not claimed has been so', [], ({ figures }, set) =>
    set(figures.overdueMs / 1_000),
  )
  gauge('pending_runs', 'Runs that wait', [], ({ figures }, set) => set(figures.waitingCount))
  gauge('workers', 'Live workers of the fleet', [], ({ figures }, set) => set(figures.workerCount))
}

/** Makes the gauges with a series for each schedule, at most 500. */
export function createScheduleGauges(fleet: FleetReader, factory: MetricFactory): void {
  const gauge = gaugeOf(fleet, factory)
  gauge('schedule_next_timestamp_seconds', 'When a schedule runs next', ['schedule'], ({ schedules }, set) => {
    for (const { name, next } of schedules) if (next) set(next.getTime() / 1_000, { schedule: name })
  })
  const success = 'schedule_last_success_timestamp_seconds'
  gauge(success, 'When a run of a schedule last ended well', ['schedule'], ({ schedules }, set) => {
    for (const { name, lastSuccessSeconds: at } of schedules) if (at !== undefined) set(at, { schedule: name })
  })
  const failures = 'schedule_consecutive_failures'
  gauge(failures, 'Failed runs of a schedule since its last success', ['schedule'], ({ schedules }, set) => {
    for (const { name, failures: count } of schedules) set(count, { schedule: name })
  })
}

type ReadFleet = (reading: FleetReading, set: SetGauge) => void

function gaugeOf(fleet: FleetReader, factory: MetricFactory) {
  return (name: string, help: string, labelNames: readonly string[], read: ReadFleet): void =>
    factory.gauge(name, help, labelNames, async (set) => {
      const reading = await fleet.read()
      if (reading) read(reading, set)
    })
}
