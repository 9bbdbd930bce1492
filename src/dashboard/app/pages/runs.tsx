import { attempt } from '../actions.js'
import { write } from '../api.js'
import { now, useApi } from '../data.js'
import { formatInstant, formatRelative, formatSpan, plural } from '../format.js'
import { useLive } from '../live.js'
import { pageUrl, query, setQuery } from '../location.js'
import type { RunView } from '../model.js'
import { Badge } from '../parts/badge.js'
import { mayOperate } from '../parts/may.js'
import { Empty, Failure, Skeleton } from '../parts/states.js'
import { toast } from '../parts/toast.js'

const REASONS: Readonly<Record<string, string>> = {
  retry: 'for its next attempt, after a failure',
  rerun: 'for a worker: its last worker died',
  queued: 'for the previous run to end',
  replace: 'for the previous run to stop',
  asked: 'for a worker: a manual run',
  backfill: 'for its turn in a backfill',
  returned: 'for a worker: its last worker gave it back',
}

/** The text of an empty list under a filter. */
const EMPTY_TITLES: Readonly<Record<string, string>> = { running: 'No run is running', waiting: 'No run is waiting' }

/** The running and the waiting runs of the whole fleet. */
export function RunsPage() {
  const state = query.value.get('state')
  const { data, error, reload } = useApi<{ runs: readonly RunView[]; complete: boolean }>(
    `runs${state ? `?state=${encodeURIComponent(state)}` : ''}`,
    5_000,
  )
  useLive(({ type }) => {
    if (type === 'run') reload()
  })
  const runs = data.value?.runs
  return (
    <>
      <div class="head">
        <h1>Runs</h1>
      </div>
      <div class="chips filters" role="group" aria-label="Filters">
        {([null, 'running', 'waiting'] as const).map((value) => (
          <button class="chip" aria-pressed={state === value} onClick={() => setQuery({ state: value })}>
            {value === null ? 'All' : value === 'running' ? 'Running' : 'Waiting'}
          </button>
        ))}
      </div>
      <section class="panel" aria-label="Runs">
        {error.value && !runs ? (
          <Failure error={error.value} retry={reload} />
        ) : !runs ? (
          <Skeleton />
        ) : runs.length === 0 ? (
          <Empty icon="runs" title={EMPTY_TITLES[state ?? ''] ?? 'No run is running or waiting'}>
            A run is listed here while it is running, and while it waits for a retry, for a worker or for the previous
            run of its schedule. A run that has ended is in the history of its schedule.
          </Empty>
        ) : (
          <RunTable runs={runs} reload={reload} isComplete={data.value?.complete ?? true} />
        )}
      </section>
    </>
  )
}

function RunTable({ runs, reload, isComplete }: { runs: readonly RunView[]; reload: () => void; isComplete: boolean }) {
  return (
    <>
      <div class="table-wrap">
        <table class="cards">
          <thead>
            <tr>
              <th>Schedule</th>
              <th>State</th>
              <th>Instant</th>
              <th>Since</th>
              <th>Worker</th>
              <th class="n">Attempt</th>
              {mayOperate() && (
                <th>
                  <span class="visually-hidden">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {runs.map((run) => (
              <RunRow key={run.runId} run={run} reload={reload} />
            ))}
          </tbody>
        </table>
      </div>
      <div class="table-foot">
        {isComplete ? plural(runs.length, 'run') : `the first ${runs.length} runs; there are more`}
      </div>
    </>
  )
}

/** Cancels a run, and says whether it has ended or its worker has to end it. */
function cancelRun(runId: string, reload: () => void) {
  return attempt(async () => {
    const { outcome } = await write<{ outcome: string }>('POST', `runs/${encodeURIComponent(runId)}/cancel`)
    const abort = `${runId} is running, and its worker gets the message to abort it`
    toast(outcome === 'cancelled' ? `${runId} is cancelled` : abort)
    reload()
  })
}

function RunRow({ run, reload }: { run: RunView; reload: () => void }) {
  const { runId, schedule, state, reason, scheduledAt, startedAt, dueAt, worker, attempt: tries } = run
  const cancel = () => cancelRun(runId, reload)
  return (
    <tr>
      <td class="full">
        <a class="name" href={pageUrl('schedules', schedule)}>
          {schedule}
        </a>
      </td>
      <td class="full">
        {state === 'running' ? (
          <Badge tone="run" icon="play">
            running
          </Badge>
        ) : (
          <>
            <Badge tone="skip" icon="clock">
              waiting
            </Badge>{' '}
            <span class="soft">{REASONS[reason ?? ''] ?? reason}</span>
          </>
        )}
      </td>
      <td class="nowrap num" title={scheduledAt}>
        {formatInstant(scheduledAt)}
      </td>
      <td class="nowrap num">
        {startedAt ? formatSpan(now.value - Date.parse(startedAt)) : dueAt ? formatRelative(dueAt, now.value) : ''}
      </td>
      <td class="mono hide-phone">{worker ?? <span class="soft">–</span>}</td>
      <td class="n hide-phone">{tries}</td>
      {mayOperate() && (
        <td class="n">
          <button class="button small" onClick={() => void cancel()}>
            Cancel
          </button>
        </td>
      )}
    </tr>
  )
}
