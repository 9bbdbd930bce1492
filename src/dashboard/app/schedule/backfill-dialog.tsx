import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { type ApiError, schedulePath, write } from '../api.js'
import { formatInstant, plural } from '../format.js'
import { Command, commandLine } from '../parts/command.js'
import { Dialog } from '../parts/dialog.js'
import { toast } from '../parts/toast.js'

interface Planned {
  readonly count: number
  readonly instants: readonly string[]
}

const TYPING_MS = 250
const SHOWN = 4
const DAY_MS = 86_400_000

/** Runs occurrences of the past; says which before it does. */
export function BackfillDialog({ name, onClose, onDone }: { name: string; onClose: () => void; onDone: () => void }) {
  const from = useSignal(localOf(Date.now() - DAY_MS))
  const to = useSignal(localOf(Date.now()))
  const rate = useSignal('')
  const planned = useSignal<Planned | null>(null)
  const problem = useSignal<string | null>(null)
  const body = {
    from: `${from.value}Z`,
    to: `${to.value}Z`,
    ...(rate.value === '' ? {} : { maxPerSecond: Number(rate.value) }),
  }
  useEffect(() => {
    const timer = setTimeout(() => {
      write<Planned>('POST', schedulePath(name, 'backfill'), { ...body, dryRun: true })
        .then((answer) => {
          planned.value = answer
          problem.value = null
        })
        .catch((error: unknown) => {
          planned.value = null
          problem.value = (error as ApiError).message
        })
    }, TYPING_MS)
    return () => clearTimeout(timer)
  }, [from.value, to.value, rate.value])
  const run = async () => {
    try {
      const { count } = await write<Planned>('POST', schedulePath(name, 'backfill'), body)
      onClose()
      toast(`${plural(count, 'occurrence')} of ${name} will run`)
      onDone()
    } catch (error) {
      problem.value = (error as ApiError).message
    }
  }
  const { count = 0, instants = [] } = planned.value ?? {}
  return (
    <Dialog
      title={`Backfill ${name}`}
      onClose={onClose}
      onSubmit={() => void run()}
      foot={
        <>
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button class="button primary" disabled={count === 0}>
            {count === 0 ? 'Nothing to run' : `Run ${plural(count, 'occurrence')}`}
          </button>
        </>
      }
    >
      <p>
        Occurrences of the past run in order, beside the schedule. What has run already in the range runs once more.
      </p>
      <div class="fields">
        <label class="field">
          <span>From, in UTC</span>
          <input
            type="datetime-local"
            step={1}
            required
            value={from.value}
            onInput={(event) => (from.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>To, in UTC</span>
          <input
            type="datetime-local"
            step={1}
            required
            value={to.value}
            onInput={(event) => (to.value = event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>At most, a second</span>
          <input
            type="number"
            min="0.001"
            step="any"
            placeholder="as fast as they end"
            value={rate.value}
            onInput={(event) => (rate.value = event.currentTarget.value)}
          />
        </label>
      </div>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      {count > 0 && (
        <ol class="dry">
          {instants.slice(0, SHOWN).map((at) => (
            <li>{formatInstant(at)}</li>
          ))}
          {count > SHOWN * 2 && <li class="soft">… {count - SHOWN * 2} more …</li>}
          {instants.slice(Math.max(SHOWN, count - SHOWN)).map((at) => (
            <li>{formatInstant(at)}</li>
          ))}
        </ol>
      )}
      <Command
        text={commandLine(
          'backfill',
          name,
          '--from',
          body.from,
          '--to',
          body.to,
          ...(rate.value ? ['--max-per-second', rate.value] : []),
        )}
      />
    </Dialog>
  )
}

function localOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}
