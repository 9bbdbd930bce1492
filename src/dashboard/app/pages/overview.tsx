import { TimelineChart } from '../charts/timeline.js'
import { now, setServerTime, useApi } from '../data.js'
import { formatCount, formatDuration, formatRelative, formatSpan, plural } from '../format.js'
import { useLive } from '../live.js'
import { pageUrl } from '../location.js'
import type { Attention, OverviewView } from '../model.js'
import { commandLine } from '../parts/command.js'
import { Icon, type IconName } from '../parts/icon.js'
import { Legend } from '../parts/mark.js'
import { SearchBox } from '../parts/search-box.js'
import { Empty, Failure, Skeleton } from '../parts/states.js'

/** The fleet in short: facts that need a person, the last and the coming hour, and the next schedules. */
export function OverviewPage() {
  const { data, error, reload } = useApi<OverviewView>('overview', 5_000)
  useLive(({ type, data: news }) => {
    if (type === 'overview' && news['resync'] === true) reload()
  })
  const view = data.value
  if (view) setServerTime(view.now)
  return (
    <>
      <div class="head">
        <h1>Overview</h1>
        <div class="spread">
          <SearchBox />
        </div>
      </div>
      {error.value && !view ? (
        <div class="panel">
          <Failure error={error.value} retry={reload} />
        </div>
      ) : !view ? (
        <div class="panel">
          <Skeleton lines={8} />
        </div>
      ) : view.total === 0 ? (
        <Welcome hasWorkers={view.fleet.workers > 0} />
      ) : (
        <Glance view={view} />
      )}
    </>
  )
}

function Welcome({ hasWorkers }: { hasWorkers: boolean }) {
  return (
    <div class="panel">
      <Empty
        icon="clock"
        title="Nothing is scheduled yet"
        command={commandLine('put', 'hello', '--every', '10s', '--task', 'hello')}
      >
        {hasWorkers
          ? 'Workers are running, and no schedule exists. Write one in code, here under Schedules, or on the command line:'
          : 'No worker is running either. Start one with this prefix, and write a schedule in code, here under Schedules, or on the command line:'}
      </Empty>
    </div>
  )
}

function Glance({ view }: { view: OverviewView }) {
  return (
    <>
      <section class="panel" aria-labelledby="needs-you">
        <div class="panel-head">
          <h2 id="needs-you">
            Needs attention
            <small>
              {view.complete
                ? `of ${plural(view.total, 'schedule')}`
                : `${formatCount(view.total)} schedules are being read`}
            </small>
          </h2>
        </div>
        <AttentionList items={view.attention} />
      </section>
      <section class="panel" aria-labelledby="two-hours">
        <div class="panel-head">
          <h2 id="two-hours">
            The last hour and the next
            <small>{timelineWords(view)}</small>
          </h2>
          <div class="spread hide-phone">
            <a class="button quiet small" href={pageUrl('load')}>
              The week
            </a>
          </div>
        </div>
        <div class="panel-body">
          <TimelineChart timeline={view.timeline} now={now.value} />
          <Legend kinds={['ok', 'late', 'skipped', 'failed', 'abandoned', 'planned']} />
        </div>
      </section>
      <div class="grid two stretch below">
        <NextList view={view} />
        <FleetGlance view={view} />
      </div>
    </>
  )
}

const ICONS: Readonly<Record<Attention['kind'], { icon: IconName; tone: string }>> = {
  'no-workers': { icon: 'fleet', tone: 'bad' },
  late: { icon: 'clock', tone: 'late' },
  stuck: { icon: 'stuck', tone: 'late' },
  failing: { icon: 'alert', tone: 'bad' },
  invalid: { icon: 'cross', tone: 'bad' },
  unserved: { icon: 'unserved', tone: 'late' },
  edited: { icon: 'differs', tone: 'skip' },
  paused: { icon: 'pause', tone: 'skip' },
}

function AttentionList({ items }: { items: readonly Attention[] }) {
  if (items.length === 0) {
    return (
      <p class="all-well">
        <span class="badge ok">
          <Icon name="check" />
          all well
        </span>
        No schedule is late, failing or invalid, and every task has a worker.
      </p>
    )
  }
  return (
    <ul class="attention">
      {items.map((item) => (
        <AttentionRow key={`${item.kind} ${item.name ?? item.task ?? ''}`} item={item} />
      ))}
    </ul>
  )
}

function AttentionRow({ item }: { item: Attention }) {
  const { kind, name, text, error, since } = item
  const { icon, tone } = ICONS[kind]
  return (
    <li>
      <span class={`sign ${tone}`} title={kind}>
        <Icon name={icon} />
        <span class="visually-hidden">{kind}: </span>
      </span>
      <div class="what">
        {name !== undefined && (
          <a class="name" href={pageUrl('schedules', name)}>
            {name}
          </a>
        )}{' '}
        {kind === 'stuck' && since ? `has been running for ${formatSpan(now.value - Date.parse(since))}: ` : ''}
        {kind === 'late' && since ? `has been due for ${formatSpan(now.value - Date.parse(since))}: ` : ''}
        {text}
        {kind === 'failing' && since ? `, last ${formatRelative(since, now.value)}` : ''}
        {error && <code class="said">{error}</code>}
      </div>
      <span class="acts">
        {name !== undefined ? (
          <>
            <a class="button small" href={pageUrl('schedules', name)}>
              Why
            </a>
          </>
        ) : (
          <a class="button small" href={listUrl(item)}>
            Show
          </a>
        )}
      </span>
    </li>
  )
}

function listUrl({ kind, task }: Attention): string {
  if (kind === 'no-workers') return pageUrl('fleet')
  if (kind === 'unserved' && task) return `${pageUrl('schedules')}?q=${encodeURIComponent(`task:${task}`)}`
  if (kind === 'stuck') return pageUrl('runs')
  if (kind === 'late') return `${pageUrl('schedules')}?sort=next`
  return `${pageUrl('schedules')}?state=${kind}`
}

function timelineWords({ timeline }: OverviewView): string {
  const planned = timeline.coming.reduce((sum, minute) => sum + minute.planned, 0)
  const sum = (field: 'ok' | 'failed' | 'skipped' | 'late' | 'abandoned') =>
    timeline.past.reduce((total, minute) => total + minute[field], 0)
  const bad = sum('failed') + sum('abandoned')
  return `${formatCount(sum('ok') + bad)} ran, ${formatCount(bad)} failed, ${formatCount(sum('skipped'))} skipped, ${formatCount(sum('late'))} late · next hour ${formatCount(planned)}`
}

function NextList({ view }: { view: OverviewView }) {
  return (
    <section class="panel" aria-labelledby="next">
      <div class="panel-head">
        <h2 id="next">Next</h2>
        <div class="spread">
          <a class="button quiet small" href={`${pageUrl('schedules')}?sort=next`}>
            All
          </a>
        </div>
      </div>
      {view.next.length === 0 ? (
        <p class="panel-body soft">No run is planned: no schedule is active.</p>
      ) : (
        <ol class="coming">
          {view.next.map(({ name, at, words, tz }) => (
            <li key={name}>
              <time dateTime={at} title={at}>
                {Date.parse(at) < now.value ? 'now' : formatRelative(at, now.value)}
              </time>
              <a class="name" href={pageUrl('schedules', name)}>
                {name}
              </a>
              <span class="soft words" title={words}>
                {words.replace(/\.$/, '')}
              </span>
              <span class="soft zone hide-phone">{tz && tz !== 'UTC' ? tz : ''}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function FleetGlance({ view: { fleet, runs, lateness } }: { view: OverviewView }) {
  return (
    <section class="panel" aria-labelledby="fleet">
      <div class="panel-head">
        <h2 id="fleet">
          Fleet
          <small>
            {plural(fleet.workers, 'worker')} · {formatCount(fleet.running)} of {formatCount(fleet.slots)} slots
            {lateness ? ` · 99 % within ${formatDuration(Math.max(1, lateness.mostMs))}` : ''}
            {runs.waiting > 0 ? ` · ${plural(runs.waiting, 'run waits', 'runs wait')}` : ''}
          </small>
        </h2>
        <div class="spread">
          <a class="button quiet small" href={pageUrl('fleet')}>
            All
          </a>
        </div>
      </div>
      {fleet.workers === 0 ? (
        <p class="panel-body soft">No worker is running.</p>
      ) : (
        <ul class="workers">
          {fleet.members.slice(0, 8).map(({ id, host, running, concurrency, skewMs }) => (
            <li key={id}>
              <span class="mono" title={`${id} on ${host}`}>
                {host}
              </span>
              <div class="bar" role="img" aria-label={`${running} of ${concurrency} slots`}>
                <i style={{ width: `${(100 * running) / concurrency}%` }} />
              </div>
              <span class="soft num">
                {running} of {concurrency}
                {Math.abs(skewMs) >= 1_000 ? ` · clock ${skewMs > 0 ? '+' : '−'}${formatSpan(skewMs)}` : ''}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
