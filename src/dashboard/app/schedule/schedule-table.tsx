import { useSignal, type Signal } from '@preact/signals'
import { useLayoutEffect } from 'preact/hooks'
import { now } from '../data.js'
import { formatDuration, formatRelative } from '../format.js'
import { go, pageUrl, query, setQuery } from '../location.js'
import type { ListedSchedule, SchedulePage } from '../model.js'
import { StateBadge } from '../parts/badge.js'
import { mayOperate } from '../parts/may.js'
import { markKind, markWords, Strip } from '../parts/mark.js'

/** A page of schedules as a table; on a phone each is a card. */
export function ScheduleTable({ page, selected }: { page: SchedulePage; selected: Signal<ReadonlySet<string>> }) {
  const { schedules } = page
  const active = useSignal(-1)
  useLayoutEffect(() => {
    const hear = (event: Event) => moveActive((event as CustomEvent<string>).detail, schedules, active, selected)
    window.addEventListener('everybeat-key', hear)
    return () => window.removeEventListener('everybeat-key', hear)
  }, [schedules])
  const isAll = schedules.length > 0 && schedules.every(({ name }) => selected.value.has(name))
  return (
    <div class="table-wrap">
      <table class="cards schedules">
        <thead>
          <tr>
            {mayOperate() && (
              <th class="check">
                <input
                  type="checkbox"
                  aria-label="Select all of this page"
                  checked={isAll}
                  onChange={() => (selected.value = new Set(isAll ? [] : schedules.map(({ name }) => name)))}
                />
              </th>
            )}
            <SortHead field="name">Name</SortHead>
            <th>Fires</th>
            <SortHead field="next">Next</SortHead>
            <SortHead field="last">Last</SortHead>
            <th>Last 20</th>
            <th class="n">Takes</th>
            <th class="n">Late</th>
          </tr>
        </thead>
        <tbody>
          {schedules.map((schedule, index) => (
            <Row key={schedule.name} schedule={schedule} isActive={active.value === index} selected={selected} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function SortHead({ field, children }: { field: string; children: preact.ComponentChildren }) {
  const sort = query.value.get('sort') ?? 'name'
  const isSorted = sort.replace('-', '') === field
  const isTurned = sort.startsWith('-')
  // The order by the last occurrence begins with the latest.
  const isDown = isTurned !== (field === 'last')
  const next = isSorted && !isTurned ? `-${field}` : field
  return (
    <th aria-sort={isSorted ? (isDown ? 'descending' : 'ascending') : undefined}>
      <button onClick={() => setQuery({ sort: next === 'name' ? null : next, cursor: null })}>
        {children}
        {isSorted ? (isDown ? ' ↓' : ' ↑') : ''}
      </button>
    </th>
  )
}

function Row(props: { schedule: ListedSchedule; isActive: boolean; selected: Signal<ReadonlySet<string>> }) {
  const { schedule, isActive, selected } = props
  const { name, task, words, tz, strip, state, failures } = schedule
  return (
    <tr data-active={isActive} data-name={name}>
      {mayOperate() && (
        <td class="check">
          <input
            type="checkbox"
            aria-label={`Select ${name}`}
            checked={selected.value.has(name)}
            onChange={() => (selected.value = toggled(selected.value, name))}
          />
        </td>
      )}
      <td>
        <div class="name-cell">
          <a class="name" href={pageUrl('schedules', name)} title={name}>
            {name}
          </a>
          <StateBadge state={state} failures={failures} />
          {task !== undefined && task !== name && <span class="sub hide-phone">{task}</span>}
        </div>
      </td>
      <td class="clip full soft-phone" title={words ?? ''}>
        {words ? (
          words.replace(/, in [\w/+-]+\.$|\.$/, '')
        ) : (
          <span class="soft">{schedule.error?.replace(/^ERR_\w+: /, '')}</span>
        )}{' '}
        {tz !== undefined && tz !== 'UTC' && <span class="soft">{tz}</span>}
      </td>
      <td class="nowrap num">
        <NextCell schedule={schedule} />
      </td>
      <td class="nowrap num soft hide-phone">
        <LastCell schedule={schedule} />
      </td>
      <td class="full">
        <Strip marks={strip} />
      </td>
      <td class="n hide-phone">{typical(strip.map(({ durationMs }) => durationMs))}</td>
      <td class="n hide-phone">{typical(strip.map(({ latenessMs }) => latenessMs))}</td>
    </tr>
  )
}

/** The outcome of the last occurrence, as a mark with its word, and its time. */
function LastCell({ schedule: { last, strip } }: { schedule: ListedSchedule }) {
  const mark = strip.at(-1)
  if (last === null) return <>–</>
  return (
    <>
      {mark && (
        <span class={`mark small ${markKind(mark.outcome, mark.latenessMs)}`} title={markWords(mark)}>
          <span class="visually-hidden">{mark.outcome} </span>
        </span>
      )}{' '}
      <time dateTime={last}>{formatRelative(last, now.value)}</time>
    </>
  )
}

function NextCell({ schedule: { state, next, paused } }: { schedule: ListedSchedule }) {
  if (state === 'paused' && paused?.until)
    return <span class="soft">resumes {formatRelative(paused.until, now.value)}</span>
  if (next === null) return <span class="soft">–</span>
  const overdue = now.value - Date.parse(next)
  if (overdue > 10_000) return <span class="late-text">due {formatRelative(next, now.value)}</span>
  return <time dateTime={next}>{overdue > 0 ? 'now' : formatRelative(next, now.value)}</time>
}

/** The time that 95 % of the last runs do not exceed. */
function typical(values: readonly (number | undefined)[]): string {
  const known = values.filter((value) => value !== undefined).sort((left, right) => left - right)
  if (known.length === 0) return '–'
  return formatDuration(known[Math.min(known.length - 1, Math.ceil(known.length * 0.95) - 1)]!)
}

function toggled(names: ReadonlySet<string>, name: string): ReadonlySet<string> {
  const next = new Set(names)
  if (!next.delete(name)) next.add(name)
  return next
}

function moveActive(
  key: string,
  schedules: readonly ListedSchedule[],
  active: Signal<number>,
  selected: Signal<ReadonlySet<string>>,
): void {
  const current = schedules[active.value]
  if (key === 'j') active.value = Math.min(schedules.length - 1, active.value + 1)
  else if (key === 'k') active.value = Math.max(0, active.value - 1)
  else if (key === 'Enter' && current) return go(pageUrl('schedules', current.name))
  else if (key === 'x' && current && mayOperate()) selected.value = toggled(selected.value, current.name)
  else return
  document.querySelectorAll('table.schedules tbody tr')[active.value]?.scrollIntoView({ block: 'nearest' })
}
