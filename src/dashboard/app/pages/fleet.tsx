import { now, useApi } from '../data.js'
import { formatDuration, formatRelative, formatSpan, plural } from '../format.js'
import { useLive } from '../live.js'
import type { WorkerView } from '../model.js'
import { Badge } from '../parts/badge.js'
import { commandLine } from '../parts/command.js'
import { Empty, Failure, Skeleton } from '../parts/states.js'

const SKEW_MS = 1_000
const MOST_TASKS = 8

/** The live workers: their tasks, their used slots, and their clocks and time-zone data. */
export function FleetPage() {
  const { data, error, reload } = useApi<{ workers: readonly WorkerView[] }>('fleet', 5_000)
  useLive(({ type }) => {
    if (type === 'worker') reload()
  })
  const workers = data.value?.workers
  return (
    <>
      <div class="head">
        <h1>Fleet</h1>
      </div>
      {error.value && !workers ? (
        <div class="panel">
          <Failure error={error.value} retry={reload} />
        </div>
      ) : !workers ? (
        <div class="panel">
          <Skeleton />
        </div>
      ) : workers.length === 0 ? (
        <div class="panel">
          <Empty icon="fleet" title="No worker is running" command={commandLine('worker', './worker.js')}>
            A worker appears here when it starts, and leaves the list fifteen seconds after its last heartbeat. Start
            one with this prefix:
          </Empty>
        </div>
      ) : (
        <Workers workers={workers} />
      )}
    </>
  )
}

function Workers({ workers }: { workers: readonly WorkerView[] }) {
  const versions = new Set(workers.map(({ version }) => version))
  const zones = new Set(workers.map(({ tz }) => tz))
  const slots = workers.reduce((sum, { concurrency }) => sum + concurrency, 0)
  const running = workers.reduce((sum, worker) => sum + worker.running, 0)
  return (
    <>
      <dl class="facts-row panel">
        <Fact name="Workers" value={String(workers.length)} />
        <Fact name="Slots in use" value={`${running} of ${slots}`} />
        <Fact name="Tasks" value={String(new Set(workers.flatMap(({ tasks }) => tasks)).size)} />
        <Fact name="Versions" value={[...versions].join(', ')} isOdd={versions.size > 1} />
        <Fact name="Time-zone data" value={[...zones].join(', ')} isOdd={zones.size > 1} />
      </dl>
      <section class="panel" aria-label="Workers">
        <div class="table-wrap">
          <table class="cards">
            <thead>
              <tr>
                <th>Worker</th>
                <th>Slots</th>
                <th>Tasks</th>
                <th>Pool</th>
                <th>Version</th>
                <th class="n">Clock</th>
                <th>Up</th>
                <th>Seen</th>
              </tr>
            </thead>
            <tbody>
              {workers.map((worker) => (
                <WorkerRow key={worker.id} worker={worker} />
              ))}
            </tbody>
          </table>
        </div>
        <div class="table-foot">{plural(workers.length, 'worker')}</div>
      </section>
    </>
  )
}

function Fact({ name, value, isOdd = false }: { name: string; value: string; isOdd?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {value} {isOdd && <Badge tone="late">mixed</Badge>}
      </dd>
    </div>
  )
}

function WorkerRow({ worker }: { worker: WorkerView }) {
  const { id, host, pid, running, concurrency, tasks, pool, version, node, tz, skewMs, startedAt, lastSeenAt } = worker
  return (
    <tr>
      <td class="full">
        <span class="mono strong">{id}</span>
        <div class="soft small-text">
          {host} · process {pid}
        </div>
      </td>
      <td class="slots">
        <div class="bar" role="img" aria-label={`${running} of ${concurrency} slots`}>
          <i style={{ width: `${(100 * running) / concurrency}%` }} />
        </div>
        <span class="num soft small-text">
          {running} of {concurrency}
        </span>
      </td>
      <td class="full tasks">
        <Tasks tasks={tasks} />
      </td>
      <td class="hide-phone">{pool}</td>
      <td class="hide-phone">
        {version}
        <div class="soft small-text">
          Node {node.replace(/^v/, '')} · tz {tz}
        </div>
      </td>
      <td class="n" title="how far its wall clock is from the clock of Redis">
        <Clock skewMs={skewMs} />
      </td>
      <td class="nowrap hide-phone">{formatSpan(now.value - Date.parse(startedAt))}</td>
      <td class="nowrap soft hide-phone">{formatRelative(lastSeenAt, now.value)}</td>
    </tr>
  )
}

function Tasks({ tasks }: { tasks: readonly string[] }) {
  if (tasks.length === 0) return <span class="soft">none</span>
  return (
    <>
      {tasks.slice(0, MOST_TASKS).map((task) => (
        <span class="tag">{task}</span>
      ))}
      {tasks.length > MOST_TASKS && (
        <span class="soft" title={tasks.slice(MOST_TASKS).join(', ')}>
          {' '}
          and {tasks.length - MOST_TASKS} more
        </span>
      )}
    </>
  )
}

/** The distance between the wall clock of a worker and that of Redis; a badge for a large distance. */
function Clock({ skewMs }: { skewMs: number }) {
  const text = `${skewMs > 0 ? '+' : skewMs < 0 ? '−' : '±'}${formatDuration(skewMs)}`
  return Math.abs(skewMs) < SKEW_MS ? (
    <span class="soft">{text}</span>
  ) : (
    <Badge tone="late" icon="clock">
      {text}
    </Badge>
  )
}
