import { useSignal, type Signal } from '@preact/signals'
import { type ApiError, schedulePath, write } from '../api.js'
import { formatInstant, plural } from '../format.js'
import { Command, commandLine } from '../parts/command.js'
import { Dialog, DialogFoot } from '../parts/dialog.js'
import { toast } from '../parts/toast.js'
import { useBackfillPlan, type BackfillPlan } from './use-backfill-plan.js'

const SHOWN = 4
const DAY_MS = 86_400_000

/** Runs occurrences of the past, and lists them before. */
export function BackfillDialog({ name, onClose, onDone }: { name: string; onClose: () => void; onDone: () => void }) {
  const from = useSignal(localOf(Date.now() - DAY_MS))
  const to = useSignal(localOf(Date.now()))
  const rate = useSignal('')
  const range = {
    from: `${from.value}Z`,
    to: `${to.value}Z`,
    ...(rate.value === '' ? {} : { maxPerSecond: Number(rate.value) }),
  }
  const { plan, problem } = useBackfillPlan(name, range)
  const run = async () => {
    try {
      const { count } = await write<BackfillPlan>('POST', schedulePath(name, 'backfill'), range)
      onClose()
      toast(`${plural(count, 'occurrence')} of ${name} will run`)
      onDone()
    } catch (error) {
      problem.value = (error as ApiError).message
    }
  }
  const { count = 0, instants = [] } = plan.value ?? {}
  const action = count === 0 ? 'Nothing to run' : `Run ${plural(count, 'occurrence')}`
  const speed = rate.value === '' ? [] : ['--max-per-second', rate.value]
  return (
    <Dialog
      title={`Backfill ${name}`}
      onClose={onClose}
      onSubmit={() => void run()}
      foot={<DialogFoot action={action} isOff={count === 0} onClose={onClose} />}
    >
      <p>
        The occurrences of this range run one after another, in order; the schedule itself does not move. An occurrence
        that has already run runs again.
      </p>
      <RangeFields from={from} to={to} rate={rate} />
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <DryRun instants={instants} />
      <Command text={commandLine('backfill', name, '--from', range.from, '--to', range.to, ...speed)} />
    </Dialog>
  )
}

function RangeFields({ from, to, rate }: { from: Signal<string>; to: Signal<string>; rate: Signal<string> }) {
  return (
    <div class="fields">
      {[['From, in UTC', from] as const, ['To, in UTC', to] as const].map(([label, value]) => (
        <label class="field">
          <span>{label}</span>
          <input
            type="datetime-local"
            step={1}
            required
            value={value.value}
            onInput={(event) => (value.value = event.currentTarget.value)}
          />
        </label>
      ))}
      <label class="field">
        <span>Most starts per second</span>
        <input
          type="number"
          min="0.001"
          step="any"
          placeholder="one after another"
          value={rate.value}
          onInput={(event) => (rate.value = event.currentTarget.value)}
        />
      </label>
    </div>
  )
}

/** The first and the last instants of a plan. */
function DryRun({ instants }: { instants: readonly string[] }) {
  const count = instants.length
  if (count === 0) return null
  return (
    <ol class="dry">
      {instants.slice(0, SHOWN).map((at) => (
        <li>{formatInstant(at)}</li>
      ))}
      {count > SHOWN * 2 && <li class="soft">… {count - SHOWN * 2} more …</li>}
      {instants.slice(Math.max(SHOWN, count - SHOWN)).map((at) => (
        <li>{formatInstant(at)}</li>
      ))}
    </ol>
  )
}

function localOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19)
}
