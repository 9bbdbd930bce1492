import { EverybeatError, type Everybeat } from '../index.js'
import { FleetReader } from './fleet-reader.js'
import { createFleetGauges, createScheduleGauges, createWorkerGauges } from './gauges.js'
import { MetricFactory } from './metric-factory.js'
import { Registry } from './prom-client.js'
import { WorkerMetrics } from './worker-metrics.js'

/** Options of {@link collectMetrics}. */
export interface MetricsOptions {
  /** Where the metrics are registered; default: a new registry, and never the global one of prom-client. */
  registry?: Registry | undefined
  /** Prefix of the name of each metric; default `everybeat_`. */
  prefix?: string | undefined
  /** Labels of every series, such as `{ service: 'shop' }`. */
  labels?: Readonly<Record<string, string>> | undefined
  /** Also series for each schedule, for the first 500 in the order of the list; default false. */
  perSchedule?: boolean | undefined
}

/** The result of {@link collectMetrics}. */
export interface CollectedMetrics extends Disposable {
  /** Holds the metrics: `await registry.metrics()` is the text that Prometheus scrapes. */
  readonly registry: Registry
  /** Ends the collection and removes the metrics from the registry. A second call does nothing. */
  stop(): void
}

/** The names of Everybeat's own labels. */
const OWN_LABELS = ['task', 'outcome', 'reason', 'kind', 'result', 'state', 'version', 'schedule', 'le']
const NAMES = ['registry', 'prefix', 'labels', 'perSchedule']

/**
 * Collects the metrics of an instance for Prometheus, by prom-client, which has to be installed beside Everybeat. Call it
 * before `start()`, so that no event is missed. With several instances in one process, each counts only its own work.
 *
 * Costs: each claim, run, settlement and skip is counted in this process. Redis is read only for a scrape, at most
 * every 5 s for any number of scrapes, by one call for each shard that reads indexes only: the same for ten schedules
 * and for a million. `perSchedule` also reads 500 schedules at each reading, and 10 history entries of each. When Redis
 * does not answer within 2 s, a scrape has no gauges of the fleet, and `connected` is 0.
 *
 * Tasks after the first 100 share the label `other`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a wrong option, and when the registry has a metric of that name
 */
export function collectMetrics<Tasks extends object>(
  beat: Everybeat<Tasks>,
  options: MetricsOptions = {},
): CollectedMetrics {
  checkOptions(options)
  const { registry = new Registry(), prefix = 'everybeat_', labels = {}, perSchedule = false } = options
  const instance = beat as unknown as Everybeat
  const factory = new MetricFactory(registry, prefix, labels)
  try {
    const worker = new WorkerMetrics(instance, factory)
    const fleet = new FleetReader(instance, perSchedule, () => worker.noteFailedRead())
    const stop = (): void => {
      worker.stop()
      factory.remove()
    }
    try {
      createWorkerGauges(instance, fleet, factory)
      createFleetGauges(fleet, factory)
      if (perSchedule) createScheduleGauges(fleet, factory)
    } catch (error) {
      worker.stop()
      throw error
    }
    return { registry, stop, [Symbol.dispose]: stop }
  } catch (error) {
    factory.remove()
    throw error
  }
}

function checkOptions(options: MetricsOptions): void {
  if (typeof options !== 'object' || options === null) throw wrong('options', options, `{ ${NAMES.join(', ')} }`)
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw wrong(unknown, undefined, `one of ${NAMES.join(', ')}`)
  const { registry, prefix, labels, perSchedule } = options as Record<string, unknown>
  if (registry !== undefined && typeof (registry as Registry | null)?.registerMetric !== 'function') {
    throw wrong('registry', registry, 'a Registry of prom-client')
  }
  if (prefix !== undefined && (typeof prefix !== 'string' || !/^([a-zA-Z_:][\w:]*)?$/.test(prefix))) {
    throw wrong('prefix', prefix, 'the beginning of a metric name, such as everybeat_')
  }
  if (perSchedule !== undefined && typeof perSchedule !== 'boolean') {
    throw wrong('perSchedule', perSchedule, 'true or false')
  }
  if (labels !== undefined) checkLabels(labels)
}

function checkLabels(labels: unknown): void {
  if (typeof labels !== 'object' || labels === null) throw wrong('labels', labels, 'an object of texts')
  for (const [name, value] of Object.entries(labels)) {
    if (!/^(?!__)[a-zA-Z_]\w*$/.test(name) || OWN_LABELS.includes(name)) {
      throw wrong(`labels.${name}`, value, `a label with a name for Prometheus other than ${OWN_LABELS.join(', ')}`)
    }
    if (typeof value !== 'string') throw wrong(`labels.${name}`, value, 'a text')
  }
}

function wrong(field: string, value: unknown, allowed: string): EverybeatError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: expected ${allowed}, got ${shown}`, { field, value })
}
