export { collectMetrics } from './collect-metrics.js'
export type { CollectedMetrics, MetricsOptions } from './collect-metrics.js'
