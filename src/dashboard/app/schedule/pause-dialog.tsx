import { useSignal, type Signal } from '@preact/signals'
import { plural } from '../format.js'
import { Command, commandForEach } from '../parts/command.js'
import { Dialog, DialogFoot } from '../parts/dialog.js'

const HOUR_MS = 3_600_000
const CHOICES = [
  ['', 'until it is resumed'],
  ['1', 'for an hour'],
  ['4', 'for four hours'],
  ['24', 'for a day'],
  ['168', 'for a week'],
  ['at', 'until an instant'],
] as const

/** The note and the end of a pause. */
export interface PauseOptions {
  readonly note?: string
  readonly until?: string
}

/** Asks for the note and the end of a pause. */
export function PauseDialog(props: {
  names: readonly string[]
  onClose: () => void
  onPause: (options: PauseOptions) => void
}) {
  const { names, onClose, onPause } = props
  const note = useSignal('')
  const choice = useSignal('')
  const at = useSignal('')
  const until = endOf(choice.value, at.value)
  const options = { ...(note.value === '' ? {} : { note: note.value }), ...(until === undefined ? {} : { until }) }
  const title = names.length === 1 ? `Pause ${names[0]}` : `Pause ${plural(names.length, 'schedule')}`
  const flags = [...(note.value ? ['--note', note.value] : []), ...(until ? ['--until', until] : [])]
  return (
    <Dialog
      title={title}
      onClose={onClose}
      onSubmit={() => onPause(options)}
      foot={<DialogFoot action="Pause" onClose={onClose} />}
    >
      <p>
        Runs that are running end as usual. An occurrence that becomes due during the pause is recorded as skipped, and
        does not run later.
      </p>
      <label class="field">
        <span>Why</span>
        <input
          name="note"
          autofocus
          maxLength={500}
          placeholder="The reason, shown beside the paused schedule"
          value={note.value}
          onInput={(event) => (note.value = event.currentTarget.value)}
        />
      </label>
      <EndFields choice={choice} at={at} />
      <Command text={commandForEach(names, 'pause', ...flags)} />
    </Dialog>
  )
}

function EndFields({ choice, at }: { choice: Signal<string>; at: Signal<string> }) {
  return (
    <div class="fields">
      <label class="field">
        <span>How long</span>
        <select name="until" value={choice.value} onChange={(event) => (choice.value = event.currentTarget.value)}>
          {CHOICES.map(([value, label]) => (
            <option value={value}>{label}</option>
          ))}
        </select>
      </label>
      {choice.value === 'at' && (
        <label class="field">
          <span>Until, in UTC</span>
          <input
            type="datetime-local"
            required
            value={at.value}
            onInput={(event) => (at.value = event.currentTarget.value)}
          />
        </label>
      )}
    </div>
  )
}

function endOf(choice: string, at: string): string | undefined {
  if (choice === '') return undefined
  if (choice === 'at') return at === '' ? undefined : `${at}:00Z`
  return new Date(Date.now() + Number(choice) * HOUR_MS).toISOString()
}
