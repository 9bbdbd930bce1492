import type { Signal } from '@preact/signals'
import { useId } from 'preact/hooks'
import type { Definition } from '../model.js'
import { JsonField } from './json-field.js'

const TRIGGERS = ['cron', 'every', 'at', 'rrule', 'solar'] as const

type Trigger = (typeof TRIGGERS)[number]

const TRIGGER_WORDS: Readonly<Record<Trigger, { label: string; hint: string; first: string }>> = {
  cron: { label: 'Cron', hint: 'minute hour day month weekday; seconds may come first', first: '0 9 * * *' },
  every: { label: 'Every', hint: 'such as 30s, 5m, 1h30m', first: '5m' },
  at: { label: 'Once, at', hint: 'an instant such as 2027-01-01T09:00', first: '' },
  rrule: { label: 'Recurrence rule', hint: 'RFC 5545, with DTSTART', first: '' },
  solar: { label: 'By the sun', hint: 'sunrise, sunset-30m, noon; with lat and lon in the YAML', first: 'sunset' },
}

const CHOICES: Readonly<Record<string, readonly (readonly [value: string, words: string])[]>> = {
  overlap: [
    ['', 'skip the new one (default)'],
    ['queue', 'queue one'],
    ['replace', 'replace the previous run'],
    ['allow', 'run both'],
  ],
  misfire: [
    ['', 'one run for all (default)'],
    ['skip', 'skip them'],
    ['all', 'all of them, in order'],
  ],
  onCrash: [
    ['', 'no rerun: at most once (default)'],
    ['rerun', 'rerun: at least once'],
  ],
}

interface FormProps {
  readonly draft: Signal<Definition>
  /** The field that the last preview refused. */
  readonly wrongField: string | undefined
}

/** The fields that most schedules use; all other fields are in the YAML, and the form does not change them. */
export function DefinitionForm({ draft, wrongField }: FormProps) {
  const set = (field: string, value: unknown) => {
    const { [field]: _old, ...rest } = draft.value
    draft.value = value === undefined || value === '' ? rest : { ...draft.value, [field]: value }
  }
  const text = ([field, label, hint, placeholder]: TextRow) => (
    <TextField
      {...{ field, label, hint, placeholder, wrongField }}
      isNumber={NUMBERS.includes(field)}
      value={draft.value[field]}
      set={(value) => set(field, value !== '' && NUMBERS.includes(field) ? Number(value) : value)}
    />
  )
  const tags = draft.value['tags']
  return (
    <div class="fields form">
      <TriggerFields draft={draft} wrongField={wrongField} />
      {FIRST_ROWS.map(text)}
      <JsonField label="Payload, JSON" value={draft.value['payload']} set={(value) => set('payload', value)} />
      <ChoiceField field="overlap" label="If the previous run is still running" draft={draft} set={set} />
      <ChoiceField field="misfire" label="Missed occurrences" draft={draft} set={set} />
      <ChoiceField field="onCrash" label="If the worker of a run dies" draft={draft} set={set} />
      {POLICY_ROWS.map(text)}
      <TextField
        field="tags"
        label="Tags"
        hint="with commas between"
        placeholder="none"
        wrongField={wrongField}
        value={Array.isArray(tags) ? tags.join(', ') : tags}
        set={(value) => set('tags', value === '' ? undefined : value.split(/,\s*/))}
      />
      <div class="full">{text(['note', 'Note', 'why this schedule exists', ''])}</div>
    </div>
  )
}

type TextRow = readonly [field: string, label: string, hint: string, placeholder: string]

const FIRST_ROWS: readonly TextRow[] = [
  ['tz', 'Time zone', 'IANA name; the preview marks clock changes', 'UTC'],
  ['task', 'Task', 'name of the handler that workers register', 'same as the schedule'],
]
const POLICY_ROWS: readonly TextRow[] = [
  ['timeout', 'Time-out', 'such as 90s; then the signal of the run aborts', 'none'],
  ['retries', 'Retries', 'more attempts after a failure', '0'],
  ['jitter', 'Jitter', 'spreads starts, such as 30s', 'none'],
  ['pauseAfter', 'Pause after', 'failures in a row', 'never'],
  ['pool', 'Pool', 'the workers that may run it', 'default'],
]
const NUMBERS: readonly string[] = ['retries', 'pauseAfter']

/** The kind of trigger, and its text. */
function TriggerFields({ draft, wrongField }: FormProps) {
  const trigger = TRIGGERS.find((kind) => draft.value[kind] !== undefined) ?? 'cron'
  const change = (kind: Trigger) => {
    const rest = Object.entries(draft.value).filter(([field]) => !TRIGGERS.includes(field as Trigger))
    draft.value = { [kind]: TRIGGER_WORDS[kind].first, ...Object.fromEntries(rest) }
  }
  const { label, hint } = TRIGGER_WORDS[trigger]
  return (
    <>
      <label class="field">
        <span>Fires</span>
        <select name="trigger" value={trigger} onChange={(event) => change(event.currentTarget.value as Trigger)}>
          {TRIGGERS.map((kind) => (
            <option value={kind}>{TRIGGER_WORDS[kind].label}</option>
          ))}
        </select>
      </label>
      <TextField
        {...{ label, hint, wrongField }}
        field={trigger}
        placeholder=""
        isMono
        value={draft.value[trigger]}
        set={(value) => (draft.value = { ...draft.value, [trigger]: value })}
      />
    </>
  )
}

function TextField(props: {
  field: string
  label: string
  hint: string
  placeholder: string
  value: unknown
  wrongField: string | undefined
  isNumber?: boolean
  isMono?: boolean
  set(value: string): void
}) {
  const { field, label, hint, placeholder, value, wrongField, isNumber = false, isMono = false, set } = props
  const id = useId()
  return (
    <label class="field">
      <span>{label}</span>
      <input
        name={field}
        class={isMono ? 'mono' : ''}
        inputMode={isNumber ? 'numeric' : 'text'}
        placeholder={placeholder}
        aria-invalid={wrongField === field}
        aria-describedby={id}
        value={value === undefined || value === null ? '' : String(value)}
        onInput={(event) => set(event.currentTarget.value)}
      />
      <small id={id}>{hint}</small>
    </label>
  )
}

function ChoiceField(props: {
  field: string
  label: string
  draft: Signal<Definition>
  set(field: string, value: unknown): void
}) {
  const { field, label, draft, set } = props
  const choices = CHOICES[field]!
  const value = String(draft.value[field] ?? '')
  const known = choices.some(([choice]) => choice === value)
  return (
    <label class="field">
      <span>{label}</span>
      <select name={field} value={known ? value : ''} onChange={(event) => set(field, event.currentTarget.value)}>
        {choices.map(([choice, words]) => (
          <option value={choice}>{words}</option>
        ))}
      </select>
    </label>
  )
}
