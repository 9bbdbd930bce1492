import { useSignal } from '@preact/signals'
import { formatCount, formatDuration, formatInstant, formatValue, plural } from '../format.js'
import { query, setQuery } from '../location.js'
import type { HistoryEntry, NextInstant } from '../model.js'
import { OutcomeBadge } from '../parts/badge.js'
import { Legend, markKind, markWords } from '../parts/mark.js'
import { Empty, Skeleton } from '../parts/states.js'

const STRIP_COUNT = 66
const ROWS = 12
const PLANNED = 4

/** The outcomes of the occurrences: as marks in a row, and as a table; a mark opens its entry. */
export function HistoryPanel(props: { history: readonly HistoryEntry[] | null; next: readonly NextInstant[] }) {
  const { history, next } = props
  const shown = useSignal(ROWS)
  if (!history) {
    return (
      <section class="panel">
        <Skeleton lines={6} />
      </section>
    )
  }
  const opened = query.value.get('entry')
  return (
    <section class="panel" aria-labelledby="history">
      <div class="panel-head">
        <h2 id="history">
          History<small>{history.length === 0 ? '' : summary(history)}</small>
        </h2>
      </div>
      {history.length === 0 ? (
        <Empty icon="clock" title="No occurrence yet">
          An occurrence is listed here when it has ended: ok, failed, skipped with the reason, abandoned or cancelled.
        </Empty>
      ) : (
        <>
          <HistoryStrip {...{ history, next, opened }} />
          <OpenedEntry entry={history.find((entry) => keyOf(entry) === opened)} />
          <HistoryTable history={history.slice(0, shown.value)} opened={opened} />
          {history.length > shown.value && (
            <div class="table-foot">
              {shown.value} of {history.length}
              <span class="spread">
                <button class="button small" onClick={() => (shown.value += 50)}>
                  Show more
                </button>
              </span>
            </div>
          )}
        </>
      )}
    </section>
  )
}

/** The last occurrences as marks, each a button that opens its entry, followed by the planned occurrences. */
function HistoryStrip(props: {
  history: readonly HistoryEntry[]
  next: readonly NextInstant[]
  opened: string | null
}) {
  const { history, next, opened } = props
  const strip = history.slice(0, STRIP_COUNT).reverse()
  const open = (key: string) => setQuery({ entry: opened === key ? null : key })
  return (
    <div class="panel-body strip-body">
      <span class="strip wide">
        {strip.map((entry) => (
          <button
            key={keyOf(entry)}
            class={`mark ${markKind(entry.outcome, entry.latenessMs)}`}
            aria-pressed={opened === keyOf(entry)}
            aria-label={markWords(toMark(entry))}
            title={markWords(toMark(entry))}
            onClick={() => open(keyOf(entry))}
          />
        ))}
        {next.slice(0, PLANNED).map(({ at }) => (
          <span class="mark planned" title={`${formatInstant(at)} UTC: planned`} />
        ))}
      </span>
      <Legend
        kinds={[
          ...new Set(strip.map(({ outcome, latenessMs }) => markKind(outcome, latenessMs))),
          ...(next.length > 0 ? (['planned'] as const) : []),
        ]}
      />
    </div>
  )
}

function HistoryTable({ history, opened }: { history: readonly HistoryEntry[]; opened: string | null }) {
  return (
    <div class="table-wrap">
      <table class="cards">
        <thead>
          <tr>
            <th>Instant, UTC</th>
            <th>Outcome</th>
            <th>Worker</th>
            <th class="n">Late</th>
            <th class="n">Took</th>
            <th class="n">Attempts</th>
            <th>Result or error</th>
          </tr>
        </thead>
        <tbody>
          {history.map((entry) => (
            <tr key={keyOf(entry)} data-active={opened === keyOf(entry)}>
              <td class="nowrap num">
                <button class="plain" onClick={() => setQuery({ entry: keyOf(entry) })}>
                  {formatInstant(entry.scheduledAt)}
                </button>
              </td>
              <td class="full">
                <OutcomeBadge outcome={entry.outcome} reason={entry.reason} />
                {entry.count !== undefined && <span class="soft"> × {formatCount(entry.count)}</span>}
              </td>
              <td class="mono hide-phone">{entry.worker ?? <span class="soft">–</span>}</td>
              <td class="n hide-phone">{entry.latenessMs === undefined ? '–' : formatDuration(entry.latenessMs)}</td>
              <td class="n hide-phone">{entry.durationMs === undefined ? '–' : formatDuration(entry.durationMs)}</td>
              <td class="n hide-phone">{entry.attempt > 0 ? entry.attempt : '–'}</td>
              <td class="clip full">
                <code class="said">{entry.error ?? (entry.result === undefined ? '' : formatValue(entry.result))}</code>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The details of one occurrence, with the cause of its outcome. */
function OpenedEntry({ entry }: { entry: HistoryEntry | undefined }) {
  if (!entry) return null
  const { outcome, reason, scheduledAt, startedAt, worker, runId, fence, attempt, missed, count, until } = entry
  return (
    <div class="opened" role="region" aria-label="One occurrence">
      <p>
        <OutcomeBadge outcome={outcome} reason={reason} /> {WHY[reason ?? outcome] ?? WHY[outcome]}
      </p>
      <dl>
        <Fact name="Instant">{formatInstant(scheduledAt)} UTC</Fact>
        {until && <Fact name="To">{`${formatInstant(until)} UTC, ${formatCount(count ?? 1)} occurrences`}</Fact>}
        {startedAt && (
          <Fact name="Started">{`${formatInstant(startedAt)} UTC, ${formatDuration(entry.latenessMs ?? 0)} late`}</Fact>
        )}
        {entry.durationMs !== undefined && <Fact name="Took">{formatDuration(entry.durationMs)}</Fact>}
        {worker && <Fact name="Worker">{worker}</Fact>}
        {attempt > 1 && <Fact name="Attempts">{attempt}</Fact>}
        {missed !== undefined && <Fact name="Also covers">{plural(missed, 'other missed occurrence')}</Fact>}
        {runId && <Fact name="Run">{runId}</Fact>}
        {fence > 0 && <Fact name="Fence">{fence}</Fact>}
      </dl>
      {entry.error && <pre class="said-block bad">{entry.error}</pre>}
      {entry.result !== undefined && <pre class="said-block">{JSON.stringify(entry.result, null, 2)}</pre>}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** The outcomes and reasons of a history in words. */
const WHY: Readonly<Record<string, string>> = {
  ok: 'The run ended without an error.',
  failed: 'The handler failed, and no attempt is left.',
  skipped: 'The occurrence was skipped.',
  abandoned: 'The run was started, and its worker never reported how it ended.',
  cancelled: 'Somebody cancelled the run.',
  overlap: 'The previous run was still running, and `overlap` is `skip`.',
  misfire: 'No worker could claim the occurrence within its grace, and `misfire` skipped it.',
  paused: 'The schedule was paused.',
  disabled: 'The schedule was disabled.',
  edited: 'The schedule was edited, and its new trigger is counted from the edit.',
  timeout: 'The run took longer than its `timeout`, and its signal aborted.',
  crash: 'The worker of the run died, or blocked its event loop until the lease ran out.',
  'lease-lost': 'The worker could no longer trust the lease of the run, and the signal of the run aborted.',
  replaced: 'A newer occurrence replaced the run (`overlap` is `replace`).',
  shutdown: 'The worker was stopped before the run had ended.',
}

function toMark(entry: HistoryEntry) {
  return { ...entry, at: entry.scheduledAt }
}

function keyOf({ scheduledAt, runId, outcome }: HistoryEntry): string {
  return `${Date.parse(scheduledAt).toString(36)}-${outcome}${/#\d+$/.exec(runId)?.[0].replace('#', '-') ?? ''}`
}

function summary(history: readonly HistoryEntry[]): string {
  const counts = new Map<string, number>()
  for (const { outcome, latenessMs, count = 1 } of history) {
    const kind = markKind(outcome, latenessMs)
    counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  return [...counts].map(([kind, count]) => `${formatCount(count)} ${kind}`).join(' · ')
}
