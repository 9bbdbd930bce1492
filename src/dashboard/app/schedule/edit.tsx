import { useSignal } from '@preact/signals'
import { ApiError, schedulePath, write } from '../api.js'
import { go, pageUrl, query, setQuery } from '../location.js'
import type { Definition, Schedule } from '../model.js'
import { toast } from '../parts/toast.js'
import { ConflictPanel } from './conflict.js'
import { Consequences } from './consequences.js'
import { DefinitionForm } from './definition-form.js'
import { YamlField } from './yaml-field.js'
import { diffOf } from './definition-diff.js'

/** Edits the definition of a schedule, or of a new one, as a form or as YAML; shows what an edit changes before it is saved. */
export function EditPage({
  name,
  schedule,
  onSaved,
}: {
  name: string | null
  schedule: Schedule | null
  onSaved?: () => void
}) {
  const before = useSignal<Definition>(schedule?.given ?? rawDefinition(schedule))
  const draft = useSignal<Definition>(before.value)
  const revision = useSignal(schedule?.revision)
  const newName = useSignal(name ?? '')
  const refusal = useSignal<ApiError | null>(null)
  const conflict = useSignal<ApiError | null>(null)
  const isBusy = useSignal(false)
  const mode = query.value.get('as') === 'yaml' ? 'yaml' : 'form'
  const target = name ?? newName.value
  const back = () => go(name === null ? pageUrl('schedules') : pageUrl('schedules', name))
  const save = async () => {
    isBusy.value = true
    try {
      await write('PUT', schedulePath(target), draft.value, revision.value)
      toast(name === null ? `${target} is written` : `${target} is saved`)
      onSaved?.()
      go(pageUrl('schedules', target))
    } catch (error) {
      if (error instanceof ApiError && (error.status === 412 || error.status === 428)) conflict.value = error
      else refusal.value = error as ApiError
    } finally {
      isBusy.value = false
    }
  }
  const diff = diffOf(before.value, draft.value)
  const isUnchanged = name !== null && Object.keys(diff).length === 0
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <div class="head">
        <a class="soft crumb" href={name === null ? pageUrl('schedules') : pageUrl('schedules', name)}>
          {name ?? 'Schedules'}
        </a>
        <span class="soft" aria-hidden="true">
          /
        </span>
        <h1>{name === null ? 'New schedule' : 'Edit'}</h1>
        <div class="spread">
          <div class="chips" role="group" aria-label="Edit as">
            <button type="button" class="chip" aria-pressed={mode === 'form'} onClick={() => setQuery({ as: null })}>
              Form
            </button>
            <button type="button" class="chip" aria-pressed={mode === 'yaml'} onClick={() => setQuery({ as: 'yaml' })}>
              YAML
            </button>
          </div>
          <button type="button" class="button" onClick={back}>
            Cancel
          </button>
          <button
            class="button primary"
            disabled={isBusy.value || isUnchanged || refusal.value !== null || target === ''}
          >
            {name === null ? 'Write' : 'Save'}
          </button>
        </div>
      </div>
      {conflict.value && (
        <ConflictPanel
          problem={conflict.value}
          mine={draft.value}
          onTheirs={(theirs, at) => {
            before.value = draft.value = theirs
            revision.value = at
            conflict.value = null
          }}
          onMine={(theirs, at) => {
            before.value = theirs
            revision.value = at
            conflict.value = null
          }}
        />
      )}
      <div class="grid edit-grid">
        <section class="panel" aria-label="Definition">
          <div class="panel-body">
            {name === null && (
              <label class="field">
                <span>Name</span>
                <input
                  name="name"
                  required
                  autofocus
                  placeholder="nightly-report"
                  value={newName.value}
                  onInput={(event) => (newName.value = event.currentTarget.value)}
                />
              </label>
            )}
            {mode === 'form' ? (
              <DefinitionForm draft={draft} wrongField={refusal.value?.problem['field'] as string | undefined} />
            ) : (
              <YamlField draft={draft} />
            )}
          </div>
        </section>
        <Consequences
          name={target}
          before={name === null ? null : before.value}
          draft={draft.value}
          diff={diff}
          refusal={refusal}
        />
      </div>
    </form>
  )
}

/** The fields of a definition that cannot be used, as they are written. */
function rawDefinition(schedule: Schedule | null): Definition {
  if (!schedule) return { cron: '0 9 * * *' }
  const {
    name: _name,
    revision: _revision,
    state: _state,
    next: _next,
    last: _last,
    words: _words,
    error: _error,
    failures: _failures,
    ...rest
  } = schedule
  return rest as Definition
}
