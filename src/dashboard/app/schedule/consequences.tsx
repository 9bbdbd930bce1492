import { useSignal, type Signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { ApiError, write } from '../api.js'
import { now } from '../data.js'
import { formatInstant, formatRelative } from '../format.js'
import type { Definition, NextInstant } from '../model.js'
import { Diff } from './changes.js'

interface Preview {
  readonly words: string
  readonly next: readonly NextInstant[]
}

const TYPING_MS = 200
const COUNT = 10

/** What an edit changes: the fields, and the next instants before and after. */
export function Consequences(props: {
  name: string
  before: Definition | null
  draft: Definition
  diff: Readonly<Record<string, readonly unknown[]>>
  refusal: Signal<ApiError | null>
}) {
  const { name, before, draft, diff, refusal } = props
  const earlier = useSignal<Preview | null>(null)
  const later = useSignal<Preview | null>(null)
  const [beforeText, draftText] = [JSON.stringify(before), JSON.stringify(draft)]
  useEffect(() => {
    if (before)
      preview(name, before).then(
        (answer) => (earlier.value = answer),
        () => (earlier.value = null),
      )
  }, [beforeText])
  useEffect(() => {
    const timer = setTimeout(() => {
      preview(name, draft)
        .then((answer) => {
          later.value = answer
          refusal.value = null
        })
        .catch((error: unknown) => {
          if (error instanceof ApiError) refusal.value = error
        })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [draftText, name])
  const isChanged = before !== null && Object.keys(diff).length > 0
  const old = new Set(earlier.value?.next.map(({ at }) => at))
  const fresh = later.value?.next ?? []
  const moved = fresh.filter(({ at }) => !old.has(at)).length
  return (
    <section class="panel consequences" aria-label="What it means" aria-live="polite">
      <div class="panel-body">
        {refusal.value ? (
          <p class="problem" role="alert">
            {refusal.value.message}
          </p>
        ) : (
          <p class="words">{later.value?.words}</p>
        )}
        {isChanged && (
          <>
            <h2>Changes</h2>
            <Diff diff={diff} />
          </>
        )}
        {!refusal.value && later.value && (
          <>
            <h2>
              Next {fresh.length}
              {isChanged && (
                <small>
                  {moved === 0 ? 'none of them moves' : `${moved} of them ${moved === 1 ? 'is' : 'are'} new`}
                </small>
              )}
            </h2>
            <div class={isChanged && moved > 0 && earlier.value ? 'sides' : ''}>
              {isChanged && moved > 0 && earlier.value && (
                <Instants
                  title="Before"
                  entries={earlier.value.next}
                  kept={new Set(fresh.map(({ at }) => at))}
                  kind="gone"
                />
              )}
              <Instants
                title={isChanged ? 'After' : ''}
                entries={fresh}
                kept={before === null ? null : old}
                kind="new"
              />
            </div>
          </>
        )}
      </div>
    </section>
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

function preview(name: string, definition: Definition): Promise<Preview> {
  return write<Preview>('POST', 'preview', { definition, name, count: COUNT })
}
