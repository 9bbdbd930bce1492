import { useSignal } from '@preact/signals'

/** A field of JSON; a text that is not yet JSON stays in the field and is not sent. */
export function JsonField({ label, value, set }: { label: string; value: unknown; set(value: unknown): void }) {
  const text = useSignal(value === undefined ? '' : JSON.stringify(value, null, 2))
  const problem = useSignal<string | null>(null)
  const change = (next: string) => {
    text.value = next
    try {
      set(next.trim() === '' ? undefined : (JSON.parse(next) as unknown))
      problem.value = null
    } catch (error) {
      problem.value = (error as Error).message
    }
  }
  return (
    <label class="field full">
      <span>{label}</span>
      <textarea
        name="payload"
        rows={4}
        spellcheck={false}
        placeholder="null"
        aria-invalid={problem.value !== null}
        value={text.value}
        onInput={(event) => change(event.currentTarget.value)}
      />
      <small>{problem.value ?? 'handed to the task'}</small>
    </label>
  )
}
