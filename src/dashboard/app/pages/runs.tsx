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
  retry: 'failed; its next attempt',
  rerun: 'its worker died; runs again',
  queued: 'behind the run before it',
  replace: 'for the run before it to stop',
  asked: 'asked for by hand',
  backfill: 'backfilled',
  returned: 'given back; is delivered again',
}

/** The runs that are running and those that wait, in the whole fleet. */
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
            {value === null ? 'All' : value === 'running' ? 'Under way' : 'Waiting'}
          </button>
        ))}
      </div>
      <section class="panel" aria-label="Runs">
        {error.value && !runs ? (
          <Failure error={error.value} retry={reload} />
        ) : !runs ? (
          <Skeleton />
        ) : runs.length === 0 ? (
          <Empty icon="runs" title={state === 'waiting' ? 'No run waits' : 'No run goes now'}>
            Runs stand here while they go, and while they wait for a retry, a worker or the run before them. What ended
            is in the history of each schedule.
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
        {isComplete ? plural(runs.length, 'run') : `the first ${runs.length}; there are more`}
      </div>
    </>
  )
}

function RunRow({ run, reload }: { run: RunView; reload: () => void }) {
  const { runId, schedule, state, reason, scheduledAt, startedAt, dueAt, worker, attempt: tries } = run
  const cancel = () =>
    attempt(async () => {
      const { outcome } = await write<{ outcome: string }>('POST', `runs/${encodeURIComponent(runId)}/cancel`)
      toast(outcome === 'cancelled' ? `${runId} is cancelled` : `${runId} was told to stop`)
      reload()
    })
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
