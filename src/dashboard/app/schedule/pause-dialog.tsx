import { useSignal } from '@preact/signals'
import { plural } from '../format.js'
import { Command, commandLine } from '../parts/command.js'
import { Dialog } from '../parts/dialog.js'

const HOUR_MS = 3_600_000
const CHOICES = [
  ['', 'until it is resumed'],
  ['1', 'for an hour'],
  ['4', 'for four hours'],
  ['24', 'for a day'],
  ['168', 'for a week'],
  ['at', 'until an instant'],
] as const

/** Asks why, and until when. */
export function PauseDialog(props: {
  names: readonly string[]
  onClose: () => void
  onPause: (options: { note?: string; until?: string }) => void
}) {
  const note = useSignal('')
  const choice = useSignal('')
  const at = useSignal('')
  const { names } = props
  const until =
    choice.value === ''
      ? undefined
      : choice.value === 'at'
        ? toInstant(at.value)
        : new Date(Date.now() + Number(choice.value) * HOUR_MS).toISOString()
  const options = { ...(note.value === '' ? {} : { note: note.value }), ...(until === undefined ? {} : { until }) }
  const title = names.length === 1 ? `Pause ${names[0]}` : `Pause ${plural(names.length, 'schedule')}`
  return (
    <Dialog
      title={title}
      onClose={props.onClose}
      onSubmit={() => props.onPause(options)}
      foot={
        <>
          <button type="button" class="button" onClick={props.onClose}>
            Cancel
          </button>
          <button class="button primary">Pause</button>
        </>
      }
    >
      <p>
        Runs that go come to their end. What comes due meanwhile is in the history as skipped, and is not made up for.
      </p>
      <label class="field">
        <span>Why</span>
        <input
          name="note"
          autofocus
          maxLength={500}
          placeholder="For whoever sees it paused and wonders"
          value={note.value}
          onInput={(event) => (note.value = event.currentTarget.value)}
        />
      </label>
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
      {names.length === 1 && (
        <Command
          text={commandLine(
            'pause',
            names[0]!,
            ...(note.value ? ['--note', note.value] : []),
            ...(until ? ['--until', until] : []),
          )}
        />
      )}
    </Dialog>
  )
}

function toInstant(local: string): string | undefined {
  return local === '' ? undefined : `${local}:00Z`
}
