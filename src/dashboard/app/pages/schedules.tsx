import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { useApi, useReloadUntilComplete, type Loaded } from '../data.js'
import { formatCount, plural } from '../format.js'
import { useLive } from '../live.js'
import { go, pageUrl, query, setQuery } from '../location.js'
import type { ListedSchedule, SchedulePage } from '../model.js'
import { Icon } from '../parts/icon.js'
import { mayEdit } from '../parts/may.js'
import { Empty, Failure, Skeleton } from '../parts/states.js'
import { commandLine } from '../parts/command.js'
import { BulkBar } from '../schedule/bulk-bar.js'
import { ScheduleTable } from '../schedule/schedule-table.js'
import { followSchedules } from '../schedule/follow-schedules.js'

const FILTERS = ['q', 'state', 'task', 'tag', 'owner', 'sort', 'cursor'] as const
const TYPING_MS = 180

/** All schedules: searched while the user types, filtered and sorted by the query of the address. */
export function SchedulesPage() {
  const loaded = useApi<SchedulePage>(`schedules?${listQuery()}`)
  const { data, reload } = loaded
  const unseen = useSignal(0)
  const selected = useSignal<ReadonlySet<string>>(new Set())
  useEffect(() => {
    unseen.value = 0
  }, [loaded.answers.value])
  useLive((event) => followSchedules(event, data, unseen, reload))
  const page = data.value
  useReloadUntilComplete(data, reload)
  return (
    <>
      <div class="head">
        <h1>Schedules</h1>
        <div class="spread">
          <LiveSearch />
          {mayEdit() && (
            <a class="button primary" href={`${pageUrl('new')}`}>
              <Icon name="plus" />
              New schedule
            </a>
          )}
        </div>
      </div>
      <Filters page={page} />
      <SchedulesPanel {...{ loaded, unseen, selected }} />
      <BulkBar selected={selected} schedules={page?.schedules ?? ([] as readonly ListedSchedule[])} reload={reload} />
    </>
  )
}

function SchedulesPanel(props: {
  loaded: Loaded<SchedulePage>
  unseen: Signal<number>
  selected: Signal<ReadonlySet<string>>
}) {
  const { loaded, unseen, selected } = props
  const { data, error, isLoading, reload } = loaded
  const page = data.value
  const isFiltered = FILTERS.some((field) => field !== 'sort' && query.value.has(field))
  return (
    <section class="panel" aria-label="Schedules" aria-busy={isLoading.value}>
      {unseen.value > 0 && (
        <button class="notice" onClick={reload}>
          {plural(unseen.value, 'change')} since you began to read · <u>show</u>
        </button>
      )}
      {error.value && !page ? (
        <Failure error={error.value} retry={reload} />
      ) : !page ? (
        <Skeleton lines={10} />
      ) : page.schedules.length === 0 ? (
        <Nothing isFiltered={isFiltered} isComplete={page.complete} />
      ) : (
        <>
          <ScheduleTable page={page} selected={selected} />
          <Pager page={page} />
        </>
      )}
    </section>
  )
}

function listQuery(): string {
  const asked = new URLSearchParams()
  for (const field of FILTERS) {
    const value = query.value.get(field)
    if (value) asked.set(field, value)
  }
  return asked.toString()
}

/** Searches while the user types, a moment after the last key. */
function LiveSearch() {
  const text = useSignal(query.value.get('q') ?? '')
  const inAddress = query.value.get('q') ?? ''
  useEffect(() => {
    if (document.activeElement?.getAttribute('type') !== 'search') text.value = inAddress
  }, [inAddress])
  useEffect(() => {
    if (text.value === inAddress) return
    const timer = setTimeout(() => setQuery({ q: text.value, cursor: null }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [text.value])
  return (
    <form class="search" role="search" onSubmit={(event) => event.preventDefault()}>
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search schedules"
        placeholder="Name, task, owner, tag:nightly"
        value={text.value}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return
          if (text.value === '') event.currentTarget.blur()
          text.value = ''
        }}
      />
      <kbd class="hide-phone">/</kbd>
    </form>
  )
}

const STATES = ['failing', 'paused', 'invalid', 'active', 'finished'] as const

function Filters({ page }: { page: SchedulePage | null }) {
  const state = query.value.get('state')
  const counts: Readonly<Record<string, number>> = page?.counted ? page.counts : {}
  const all = Object.entries(counts).reduce((sum, [name, count]) => (name === 'failing' ? sum : sum + count), 0)
  const set = (value: string | null) => setQuery({ state: value, cursor: null })
  return (
    <div class="chips filters" role="group" aria-label="Filters">
      <button class="chip" aria-pressed={state === null} onClick={() => set(null)}>
        All{all > 0 ? <b>{formatCount(all)}</b> : null}
      </button>
      {STATES.map((name) => (
        <button class="chip" aria-pressed={state === name} onClick={() => set(state === name ? null : name)}>
          {name.charAt(0).toUpperCase() + name.slice(1)}
          {counts[name] !== undefined ? <b>{formatCount(counts[name])}</b> : null}
        </button>
      ))}
      {(['task', 'tag', 'owner'] as const).map((field) => {
        const value = query.value.get(field)
        return value === null ? null : (
          <button class="chip" aria-pressed={true} onClick={() => setQuery({ [field]: null, cursor: null })}>
            {field} {value} ×
          </button>
        )
      })}
    </div>
  )
}

function Pager({ page }: { page: SchedulePage }) {
  const isFirst = !query.value.has('cursor')
  if (isFirst && page.cursor === null) {
    return (
      <div class="table-foot">
        {plural(page.total, 'schedule')}
        {!page.complete && ' so far; the rest is being read'}
      </div>
    )
  }
  return (
    <div class="table-foot">
      {page.schedules.length} of {plural(page.total, 'schedule')}
      {!page.complete && ' so far; the rest is being read'}
      <span class="spread">
        {!isFirst && (
          <button class="button small" onClick={() => setQuery({ cursor: null }, { replace: false })}>
            First
          </button>
        )}
        <button
          class="button small"
          disabled={page.cursor === null}
          onClick={() => {
            setQuery({ cursor: page.cursor }, { replace: false })
            window.scrollTo(0, 0)
          }}
        >
          Next {page.schedules.length}
        </button>
      </span>
    </div>
  )
}

function Nothing({ isFiltered, isComplete }: { isFiltered: boolean; isComplete: boolean }) {
  if (!isFiltered) {
    return (
      <Empty
        icon="schedules"
        title="Nothing is scheduled yet"
        command={commandLine('put', 'hello', '--every', '10s', '--task', 'hello')}
      >
        Schedules that code declares appear here when a worker starts. Write others here, or on the command line:
      </Empty>
    )
  }
  return (
    <div class="empty">
      <Icon name="search" />
      <h2>{isComplete ? 'No schedule matches' : 'None so far'}</h2>
      <p>{isComplete ? 'The search looks at names, tasks, owners and tags.' : 'The schedules are still being read.'}</p>
      <button class="button" onClick={() => go(pageUrl('schedules'))}>
        Show all
      </button>
    </div>
  )
}
