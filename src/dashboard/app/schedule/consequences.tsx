import type { Signal } from '@preact/signals'
import type { ApiError } from '../api.js'
import { now } from '../data.js'
import { formatInstant, formatRelative, plural } from '../format.js'
import type { Definition, NextInstant } from '../model.js'
import { Diff } from './changes.js'
import { usePreviews } from './use-previews.js'

/** The effect of an edit: the changed fields, and the next instants before and after. */
export function Consequences(props: {
  name: string
  before: Definition | null
  draft: Definition
  diff: Readonly<Record<string, readonly unknown[]>>
  refusal: Signal<ApiError | null>
}) {
  const { name, before, draft, diff, refusal } = props
  const { earlier, later } = usePreviews(name, before, draft, refusal)
  const isChanged = before !== null && Object.keys(diff).length > 0
  return (
    <section class="panel consequences" aria-label="What it means" aria-live="polite">
      <div class="panel-body">
        {refusal.value ? (
          <p class="problem" role="alert">
            {refusal.value.message}
          </p>
        ) : (
          <p class="words">{later?.words}</p>
        )}
        {isChanged && (
          <>
            <h2>Changes</h2>
            <Diff diff={diff} />
          </>
        )}
        {!refusal.value && later && (
          <Sides earlier={isChanged ? (earlier?.next ?? null) : null} later={later.next} isNew={before === null} />
        )}
      </div>
    </section>
  )
}

/** The next instants; beside them the instants before the edit, if some of them move. */
function Sides(props: { earlier: readonly NextInstant[] | null; later: readonly NextInstant[]; isNew: boolean }) {
  const { earlier, later, isNew } = props
  const old = new Set(earlier?.map(({ at }) => at))
  const moved = earlier === null ? 0 : later.filter(({ at }) => !old.has(at)).length
  return (
    <>
      <h2>
        Next {later.length}
        {earlier && <small>{moved === 0 ? 'the same as before' : plural(moved, 'new instant')}</small>}
      </h2>
      <div class={moved > 0 ? 'sides' : ''}>
        {earlier && moved > 0 && (
          <Instants title="Before" entries={earlier} kept={new Set(later.map(({ at }) => at))} kind="gone" />
        )}
        <Instants
          title={moved > 0 ? 'After' : ''}
          entries={later}
          kept={isNew || earlier === null ? null : old}
          kind="new"
        />
      </div>
    </>
  )
}

function Instants(props: {
  title: string
  entries: readonly NextInstant[]
  kept: ReadonlySet<string> | null
  kind: 'new' | 'gone'
}) {
  const { title, entries, kept, kind } = props
  return (
    <div>
      {title && <h3>{title}</h3>}
      <ol class="preview">
        {entries.map(({ at, local, note }) => (
          <li key={at} class={kept && !kept.has(at) ? kind : ''}>
            <time dateTime={at} title={`${at}, ${formatRelative(at, now.value)}`}>
              {formatInstant(`${local.slice(0, 10)}T${local.slice(11, 19)}Z`)}
            </time>
            {note && <em class="dst">{note}</em>}
          </li>
        ))}
        {entries.length === 0 && <li class="soft">none</li>}
      </ol>
    </div>
  )
}
