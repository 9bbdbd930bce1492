import { signal } from '@preact/signals'

interface Toast {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'bad'
  readonly action?: { readonly label: string; run(): void }
}

const toasts = signal<readonly Toast[]>([])
let lastId = 0

interface ToastOptions {
  readonly tone?: Toast['tone']
  readonly action?: Toast['action']
  /** Time for which it is shown, ms. */
  readonly stayMs?: number
  /** Called when its time is over and the user has not chosen its action. */
  onGone?(): void
}

/** Shows a message for some seconds, with at most one action. */
export function toast(text: string, { tone = 'plain', action, stayMs = 5_000, onGone }: ToastOptions = {}): void {
  const id = (lastId += 1)
  let isDone = false
  const end = (isTaken: boolean) => {
    if (isDone) return
    isDone = true
    toasts.value = toasts.value.filter((each) => each.id !== id)
    if (!isTaken) onGone?.()
  }
  const wrapped = action && {
    label: action.label,
    run: () => {
      end(true)
      action.run()
    },
  }
  // A toast with an undo action stays until its time is over.
  const older = toasts.value.filter((each, index, all) => each.action !== undefined || index >= all.length - 2)
  toasts.value = [...older, { id, text, tone, ...(wrapped ? { action: wrapped } : {}) }]
  setTimeout(() => end(false), stayMs)
  // An action that waits for the end of its undo time is performed also when the user leaves the page.
  if (onGone) window.addEventListener('pagehide', () => end(false), { once: true })
}

/** The place of the toasts. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, tone, action }) => (
        <div class={`toast ${tone}`} key={id}>
          <span>{text}</span>
          {action && (
            <button class="button small" onClick={action.run}>
              {action.label}
            </button>
          )}
        </div>
      ))}
    </div>
  )
}
