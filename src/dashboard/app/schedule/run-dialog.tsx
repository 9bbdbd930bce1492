import { useSignal } from '@preact/signals'
import { runNow } from '../actions.js'
import type { Schedule } from '../model.js'
import { Command, commandLine } from '../parts/command.js'
import { Dialog, DialogFoot } from '../parts/dialog.js'

/** Runs a schedule once with another payload than its own. */
export function RunDialog(props: { schedule: Schedule; onClose: () => void; onDone: () => void }) {
  const { schedule, onClose, onDone } = props
  const { name, payload = null } = schedule
  const own = JSON.stringify(payload, null, 2)
  const text = useSignal(own)
  const problem = problemOf(text.value)
  const isOwn = text.value === own
  const run = () => {
    if (problem) return
    onClose()
    void runNow(name, isOwn ? {} : { payload: JSON.parse(text.value) as unknown }).then(onDone)
  }
  const other = isOwn || problem ? [] : ['--payload', JSON.stringify(JSON.parse(text.value))]
  return (
    <Dialog
      title={`Run ${name} once, now`}
      onClose={onClose}
      onSubmit={run}
      foot={<DialogFoot action="Run now" isOff={problem !== null} onClose={onClose} />}
    >
      <p>A worker that has the task runs it once. The next occurrence of the schedule keeps its instant.</p>
      <label class="field">
        <span>Payload, JSON</span>
        <textarea
          rows={8}
          spellcheck={false}
          value={text.value}
          aria-invalid={problem !== null}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <small>
          {problem ?? (isOwn ? 'The payload of the definition.' : 'This payload is used for this run only.')}
        </small>
      </label>
      <Command text={commandLine('run', name, ...other)} />
    </Dialog>
  )
}

function problemOf(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return (error as Error).message
  }
}
