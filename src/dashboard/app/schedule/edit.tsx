import { useMemo } from 'preact/hooks'
import { go, pageUrl, query, setQuery } from '../location.js'
import type { Schedule } from '../model.js'
import { toast } from '../parts/toast.js'
import { ConflictPanel } from './conflict.js'
import { Consequences } from './consequences.js'
import { DefinitionForm } from './definition-form.js'
import { EditSession } from './edit-session.js'
import { YamlField } from './yaml-field.js'

/** Edits the definition of a schedule, or of a new one, as a form or as YAML; shows the effect of an edit before it is saved. */
export function EditPage({ schedule, onSaved }: { schedule: Schedule | null; onSaved?: () => void }) {
  const edit = useMemo(() => new EditSession(schedule), [schedule?.name])
  const { name, before, draft, refusal, conflict } = edit
  const save = async () => {
    if (!(await edit.save())) return
    toast(name === null ? `${edit.target} is created` : `${edit.target} is saved`)
    onSaved?.()
    go(pageUrl('schedules', edit.target))
  }
  return (
    <form
      class="edit"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <EditHead edit={edit} />
      {conflict.value && (
        <ConflictPanel
          problem={conflict.value}
          mine={draft.value}
          onTheirs={(theirs, at) => edit.settle(theirs, at, true)}
          onMine={(theirs, at) => edit.settle(theirs, at, false)}
        />
      )}
      <div class="grid edit-grid">
        <DefinitionPanel edit={edit} />
        <Consequences
          name={edit.target}
          before={name === null ? null : before.value}
          draft={draft.value}
          diff={edit.diff}
          refusal={refusal}
        />
      </div>
    </form>
  )
}

function isYaml(): boolean {
  return query.value.get('as') === 'yaml'
}

function EditHead({ edit }: { edit: EditSession }) {
  const { name } = edit
  const origin = name === null ? pageUrl('schedules') : pageUrl('schedules', name)
  return (
    <div class="head">
      <a class="soft crumb" href={origin}>
        {name ?? 'Schedules'}
      </a>
      <span class="soft" aria-hidden="true">
        /
      </span>
      <h1>{name === null ? 'New schedule' : 'Edit'}</h1>
      <div class="spread">
        <div class="chips" role="group" aria-label="Edit as">
          <button type="button" class="chip" aria-pressed={!isYaml()} onClick={() => setQuery({ as: null })}>
            Form
          </button>
          <button type="button" class="chip" aria-pressed={isYaml()} onClick={() => setQuery({ as: 'yaml' })}>
            YAML
          </button>
        </div>
        <button type="button" class="button" onClick={() => go(origin)}>
          Cancel
        </button>
        <button class="button primary" disabled={!edit.canSave}>
          {name === null ? 'Create' : 'Save'}
        </button>
      </div>
    </div>
  )
}

function DefinitionPanel({ edit: { name, newName, draft, refusal } }: { edit: EditSession }) {
  return (
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
        {isYaml() ? (
          <YamlField draft={draft} />
        ) : (
          <DefinitionForm draft={draft} wrongField={refusal.value?.problem['field'] as string | undefined} />
        )}
      </div>
    </section>
  )
}
