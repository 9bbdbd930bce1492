import { EverybeatError } from '../index.js'
import { Counter, Gauge, Histogram, type Registry } from './prom-client.js'

/** The values of the labels of one series. */
export type LabelValues = Readonly<Record<string, string>>

/** Sets one series of a gauge. */
export type SetGauge = (value: number, labels?: LabelValues) => void

/** Creates the metrics of one instance in a registry, each with the prefix and the fixed labels of that instance. */
export class MetricFactory {
  readonly #registry: Registry
  readonly #prefix: string
  readonly #fixed: LabelValues
  /** The full names of the created metrics. */
  readonly #names: string[] = []

  constructor(registry: Registry, prefix: string, fixed: LabelValues) {
    this.#registry = registry
    this.#prefix = prefix
    this.#fixed = fixed
  }

  /** Makes a counter that grows by one; see {@link counterBy}. */
  counter(
    name: string,
    help: string,
    labelNames: readonly string[] = [],
    initial: () => readonly LabelValues[] = () => [],
  ): (labels?: LabelValues) => void {
    const add = this.counterBy(name, help, labelNames, initial)
    if (labelNames.length === 0) add(0)
    return (labels) => add(1, labels)
  }

  /**
   * Makes a counter that grows by the given number.
   *
   * @param initial series that begin with 0, because Prometheus sees no increase in a series that begins with 1
   */
  counterBy(
    name: string,
    help: string,
    labelNames: readonly string[],
    initial: () => readonly LabelValues[],
  ): (count: number, labels?: LabelValues) => void {
    const fixed = this.#fixed
    const metric = new Counter({
      ...this.#describe(name, help, labelNames),
      collect() {
        for (const labels of initial()) this.inc({ ...fixed, ...labels }, 0)
      },
    })
    return (count, labels = {}) => metric.inc({ ...fixed, ...labels }, count)
  }

  /** Makes a histogram of seconds. */
  histogram(
    name: string,
    help: string,
    labelNames: readonly string[],
    buckets: readonly number[],
  ): (seconds: number, labels?: LabelValues) => void {
    const metric = new Histogram({ ...this.#describe(name, help, labelNames), buckets: [...buckets] })
    return (seconds, labels = {}) => metric.observe({ ...this.#fixed, ...labels }, seconds)
  }

  /** Makes a gauge that is read when it is scraped; a series that `read` does not set does not exist. */
  gauge(
    name: string,
    help: string,
    labelNames: readonly string[],
    read: (set: SetGauge) => void | Promise<void>,
  ): void {
    const fixed = this.#fixed
    new Gauge({
      ...this.#describe(name, help, labelNames),
      async collect() {
        const series: [LabelValues, number][] = []
        await read((value, labels = {}) => void series.push([{ ...fixed, ...labels }, value]))
        this.reset()
        // The reset of a gauge without labels creates a series with 0, which would look like a reading.
        this.remove({})
        for (const [labels, value] of series) this.set(labels, value)
      },
    })
  }

  /** Removes every created metric from the registry. */
  remove(): void {
    for (const name of this.#names.splice(0)) this.#registry.removeSingleMetric(name)
  }

  #describe(name: string, help: string, labelNames: readonly string[]) {
    const full = this.#prefix + name
    if (this.#registry.getSingleMetric(full)) {
      const advice = 'give each instance a registry or a prefix of its own, or stop the first collection'
      throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', `registry: it has a metric ${full} already; ${advice}`, {
        field: 'registry',
      })
    }
    this.#names.push(full)
    return { name: full, help, labelNames: [...labelNames, ...Object.keys(this.#fixed)], registers: [this.#registry] }
  }
}
