import { attempt } from '../actions.js'
import { schedulePath, write } from '../api.js'
import { now, useApi } from '../data.js'
import { formatInstant, formatRelative, formatValue } from '../format.js'
import type { Change, Schedule } from '../model.js'
import { mayEdit } from '../parts/may.js'
import { Skeleton } from '../parts/states.js'
import { toast } from '../parts/toast.js'

const VIA: Readonly<Record<string, string>> = {
  api: 'by code',
  cli: 'on the command line',
  dashboard: 'here',
  hset: 'by plain commands in Redis',
  declaration: 'by declaration',
  sync: 'by sync',
  import: 'by import',
}

/** The changes with author and time; each change can be undone. */
export function ChangesPanel({
  schedule,
  version,
  reload,
}: {
  schedule: Schedule
  version: number
  reload: () => void
}) {
  const { name, revision } = schedule
  const { data, error } = useApi<{ changes: readonly Change[] }>(schedulePath(name, `changes?${revision}.${version}`))
  const changes = data.value?.changes
  const rollBack = (to: number) =>
    attempt(async () => {
      await write('POST', schedulePath(name, 'rollback'), { revision: to })
      toast(`${name} is back to revision ${to}`)
      reload()
    })
  return (
    <section class="panel" aria-labelledby="changes">
      <div class="panel-head">
        <h2 id="changes">
          Changes<small>now at revision {revision}</small>
        </h2>
      </div>
      {error.value ? (
        <p class="panel-body soft">{error.value.message}</p>
      ) : !changes ? (
        <Skeleton lines={3} />
      ) : changes.length === 0 ? (
        <p class="panel-body soft">No change is recorded.</p>
      ) : (
        <ol class="changes">
          {changes.map((change, index) => (
            <ChangeRow
              key={`${change.revision} ${change.at}`}
              change={change}
              rollBack={index > 0 && change.revision !== revision ? () => void rollBack(change.revision) : null}
            />
          ))}
        </ol>
      )}
    </section>
  )
}

function ChangeRow({ change, rollBack }: { change: Change; rollBack: (() => void) | null }) {
  const { revision, at, by, via, diff } = change
  return (
    <li>
      <time dateTime={at} title={at} class="soft">
        {formatRelative(at, now.value)}
      </time>
      <div>
        <Diff diff={diff} />
        <p class="soft">
          {by} {VIA[via] ?? via} · revision {revision}
        </p>
      </div>
      {mayEdit() && rollBack && (
        <button class="button small" onClick={rollBack}>
          Roll back
        </button>
      )}
    </li>
  )
}

/** Fields that differ, the old value and the new one. */
export function Diff({ diff }: { diff: Readonly<Record<string, readonly unknown[]>> }) {
  return (
    <dl class="diff">
      {Object.entries(diff).map(([field, [before, after]]) => (
        <div>
          <dt>{field}</dt>
          <dd>
            {before !== undefined && before !== null && <del>{formatChanged(field, before)}</del>}{' '}
            {after !== undefined && after !== null && <ins>{formatChanged(field, after)}</ins>}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** A pause in words, any other value unchanged. */
function formatChanged(field: string, value: unknown): string {
  if (field !== 'paused' || typeof value !== 'object' || value === null) return formatValue(value)
  const { note, until } = value as { note?: string; until?: string }
  const end = until === undefined ? '' : `until ${formatInstant(until)} UTC`
  return [note, end].filter(Boolean).join(' · ') || 'yes'
}
