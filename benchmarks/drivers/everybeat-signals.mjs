import { createServer, get } from 'node:http'
import { context } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, BatchSpanProcessor, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace-base'
import { startWorker as startPlainWorker } from './everybeat.mjs'

export { createRegistrar } from './everybeat.mjs'

/** The part of the runs that is traced. */
const SAMPLED = 0.1
// Three times as often as most fleets are scraped.
const SCRAPE_MS = 5_000

const root = new URL('.', new URL(process.env.EVERYBEAT_BUILD ?? '../../dist/index.js', import.meta.url))
const load = (entry) => import(new URL(`${entry}/index.js`, root))
const [{ collectMetrics }, { instrument }, { monitor }] = await Promise.all(
  ['prometheus', 'opentelemetry', 'monitors'].map(load),
)

/** The same worker with every signal: metrics scraped every five seconds, a tenth of the runs traced, a monitor on each run. */
export async function startWorker(options) {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const spans = new BatchSpanProcessor({ export: (_spans, done) => done({ code: 0 }), shutdown: async () => {} })
  const tracers = new BasicTracerProvider({ sampler: new TraceIdRatioBasedSampler(SAMPLED), spanProcessors: [spans] })
  const ends = []
  const onCreated = (beat) => {
    const { registry } = collectMetrics(beat)
    instrument(beat, { tracer: tracers.getTracer('benchmark'), meter: new MeterProvider().getMeter('benchmark') })
    const watch = monitor(beat, { match: '*' }, () => {})
    const server = createServer(async (_request, response) => response.end(await registry.metrics()))
    ends.push(() => (watch.close(), server.close(), server.closeAllConnections()))
    server.listen(0, '127.0.0.1', () => {
      const url = `http://127.0.0.1:${server.address().port}/metrics`
      // The scraping client is no part of the measured worker: `get` costs far less than `fetch`.
      const scraper = setInterval(() => get(url, (response) => response.resume()).on('error', () => {}), SCRAPE_MS)
      ends.push(() => clearInterval(scraper))
    })
  }
  const worker = await startPlainWorker({ ...options, onCreated })
  return {
    async stop() {
      for (const end of ends) end()
      await worker.stop()
    },
  }
}
