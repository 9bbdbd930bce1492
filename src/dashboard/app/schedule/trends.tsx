import { Lazy } from '../parts/lazy.js'
import { formatDuration } from '../format.js'
import type { HistoryEntry } from '../model.js'

const loadLineChart = async () => (await import('../charts/line-chart.js')).LineChart

const LEAST = 3

/** The duration and the lateness of runs, run by run. */
export function TrendPanels({ history }: { history: readonly HistoryEntry[] }) {
  const ran = history.filter(({ startedAt }) => startedAt !== undefined).reverse()
  if (ran.length < LEAST) return null
  const at = ran.map(({ scheduledAt }) => Date.parse(scheduledAt) / 1_000)
  const took = ran.map(({ durationMs }) => durationMs ?? null)
  const late = ran.map(({ latenessMs }) => latenessMs ?? null)
  return (
    <div class="grid trends">
      <Trend title="Takes" words={growth(took)} at={at} values={took} tone="run" />
      <Trend
        title="Late"
        words={`95 % within ${formatDuration(quantile(late, 0.95))}`}
        at={at}
        values={late}
        tone="late"
      />
    </div>
  )
}

function Trend(props: { title: string; words: string; at: number[]; values: (number | null)[]; tone: 'run' | 'late' }) {
  const { title, words, at, values, tone } = props
  const most = Math.max(0, ...values.map((value) => value ?? 0))
  return (
    <section class="panel" aria-label={title}>
      <div class="panel-head">
        <h2>
          {title}
          <small>{words}</small>
        </h2>
      </div>
      <div
        class="panel-body chart"
        role="img"
        aria-label={`${title}: ${values.length} runs, at most ${formatDuration(most)}; ${words}`}
      >
        <Lazy load={loadLineChart} props={{ at, values, tone }} />
      </div>
    </section>
  )
}

function quantile(values: readonly (number | null)[], part: number): number {
  const known = values.filter((value) => value !== null).sort((left, right) => left - right)
  return known[Math.min(known.length - 1, Math.ceil(known.length * part) - 1)] ?? 0
}

/** Whether the later half of the runs takes longer than the earlier one. */
function growth(values: readonly (number | null)[]): string {
  const half = Math.floor(values.length / 2)
  const [before, after] = [quantile(values.slice(0, half), 0.5), quantile(values.slice(half), 0.5)]
  const typical = `half of the runs ${formatDuration(quantile(values, 0.5))} or less`
  if (values.length < 20 || Math.abs(after - before) < 20 || before === 0) return typical
  const change = Math.round((after / before - 1) * 100)
  if (Math.abs(change) < 15) return typical
  return `${typical}; ${change > 0 ? `growing, ${change} % more` : `shrinking, ${-change} % less`} than before`
}
