import { useSignal } from '@preact/signals'
import { attempt } from '../actions.js'
import { schedulePath, write } from '../api.js'
import { now, useApi } from '../data.js'
import { formatInstant, formatRelative } from '../format.js'
import { useLive } from '../live.js'
import { pageUrl, segments } from '../location.js'
import type { Explanation, HistoryEntry, NextInstant, Schedule } from '../model.js'
import { StateBadge } from '../parts/badge.js'
import { Icon } from '../parts/icon.js'
import { mayEdit } from '../parts/may.js'
import { Failure, Skeleton } from '../parts/states.js'
import { toast } from '../parts/toast.js'
import { ActionBar, ActionDialogs } from '../schedule/action-bar.js'
import { ChangesPanel } from '../schedule/changes.js'
import { EditPage } from '../schedule/edit.js'
import { HistoryPanel } from '../schedule/history.js'
import { PoliciesPanel } from '../schedule/policies.js'
import { NextPanel, WhyPanel } from '../schedule/why.js'
import { TrendPanels } from '../schedule/trends.js'

const HISTORY_COUNT = 200

/** One schedule: its rule in words, the explanation of its state, its next instants, its history, and its actions. */
export function SchedulePage({ name }: { name: string }) {
  const schedule = useApi<Schedule>(schedulePath(name), 15_000)
  const view = schedule.data.value
  if (segments.value[2] === 'edit' && view) return <EditPage schedule={view} onSaved={schedule.reload} />
  if (schedule.error.value && (!view || schedule.error.value.status === 404)) {
    return (
      <>
        <Crumbs name={name} />
        <div class="panel">
          <Failure error={schedule.error.value} retry={schedule.reload} />
        </div>
      </>
    )
  }
  if (!view) {
    return (
      <>
        <Crumbs name={name} />
        <div class="panel">
          <Skeleton lines={8} />
        </div>
      </>
    )
  }
  return <Loaded schedule={view} reload={schedule.reload} />
}

function Crumbs({ name, children }: { name: string; children?: preact.ComponentChildren }) {
  return (
    <div class="head">
      <a class="soft crumb" href={pageUrl('schedules')}>
        Schedules
      </a>
      <span class="soft" aria-hidden="true">
        /
      </span>
      <h1 class="schedule-name">{name}</h1>
      {children}
    </div>
  )
}

function Loaded({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { name } = schedule
  const explanation = useApi<Explanation>(schedulePath(name, 'explain'), 10_000)
  const next = useApi<{ next: readonly NextInstant[] }>(schedulePath(name, 'next?count=6'), 30_000)
  const history = useApi<{ history: readonly HistoryEntry[] }>(
    schedulePath(name, `history?limit=${HISTORY_COUNT}`),
    30_000,
  )
  const changed = useSignal(0)
  useLive(({ type, data }) => {
    const isResync = type === 'overview' && data['resync'] === true
    if (isResync || (type === 'run' ? data['schedule'] : data['name']) === name) {
      history.reload()
      explanation.reload()
      next.reload()
      reload()
      if (type === 'schedule' && data['revision'] !== schedule.revision) changed.value += 1
    }
  })
  const reloadAll = () => {
    reload()
    explanation.reload()
    next.reload()
    history.reload()
    changed.value += 1
  }
  return (
    <>
      <Crumbs name={name}>
        <StateBadge state={schedule.state} failures={schedule.failures} />
        <ActionBar schedule={schedule} reload={reloadAll} />
      </Crumbs>
      <Lead schedule={schedule} reload={reloadAll} />
      <div class="grid two stretch">
        <WhyPanel explanation={explanation.data.value} schedule={schedule} />
        <NextPanel schedule={schedule} next={next.data.value?.next ?? null} />
      </div>
      <HistoryPanel
        history={history.data.value?.history ?? null}
        next={schedule.state === 'active' ? (next.data.value?.next ?? []) : []}
      />
      <TrendPanels history={history.data.value?.history ?? []} />
      <div class="grid two stretch below">
        <ChangesPanel schedule={schedule} version={changed.value} reload={reloadAll} />
        <PoliciesPanel schedule={schedule} />
      </div>
      <ActionDialogs schedule={schedule} reload={reloadAll} />
    </>
  )
}

function Lead({ schedule, reload }: { schedule: Schedule; reload: () => void }) {
  const { words, error, note, tags = [], task, name, owner, paused } = schedule
  const differs = schedule.declared?.differs ?? []
  return (
    <div class="lead">
      <p class="words">{words ?? error}</p>
      {paused && (
        <p class="paused-note">
          <Icon name="pause" /> Paused {formatRelative(paused.at, now.value)}
          {paused.until ? `, resumes ${formatInstant(paused.until)} UTC` : ''}
          {paused.note ? `: ${paused.note}` : ''}
        </p>
      )}
      {differs.length > 0 && <EditedNote name={name} differs={differs} reload={reload} />}
      {note && <p class="note">{note}</p>}
      <p class="soft labels">
        task <code>{task ?? name}</code>
        {owner && (
          <>
            {' '}
            · owner <a href={`${pageUrl('schedules')}?owner=${encodeURIComponent(owner)}`}>{owner}</a>
          </>
        )}
        {tags.length > 0 && ' · '}
        {tags.map((tag) => (
          <a class="tag" href={`${pageUrl('schedules')}?tag=${encodeURIComponent(tag)}`}>
            {tag}
          </a>
        ))}
      </p>
    </div>
  )
}

function EditedNote(props: { name: string; differs: readonly string[]; reload: () => void }) {
  const revert = () =>
    attempt(async () => {
      await write('POST', schedulePath(props.name, 'revert'))
      toast(`${props.name} is back to its declaration in code`)
      props.reload()
    })
  return (
    <p class="paused-note">
      <Icon name="differs" /> Edited live: differs from its declaration in {props.differs.join(', ')}
      {mayEdit() && (
        <button class="button small" onClick={() => void revert()}>
          Revert
        </button>
      )}
    </p>
  )
}
