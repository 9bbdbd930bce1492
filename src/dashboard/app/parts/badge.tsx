import type { Outcome, ScheduleState } from '../model.js'
import { Icon, type IconName } from './icon.js'

type Tone = 'ok' | 'late' | 'bad' | 'skip' | 'run'

/** A word with a shape and a colour. */
export function Badge({ tone, icon, children }: { tone: Tone; icon?: IconName; children: preact.ComponentChildren }) {
  return (
    <span class={`badge ${tone}`}>
      {icon && <Icon name={icon} />}
      {children}
    </span>
  )
}

/** The state of a schedule, where it is worth a word: an active one that is well has none. */
export function StateBadge({ state, failures = 0 }: { state: ScheduleState; failures?: number | undefined }) {
  return (
    <>
      {state === 'paused' && (
        <Badge tone="skip" icon="pause">
          paused
        </Badge>
      )}
      {state === 'finished' && (
        <Badge tone="skip" icon="check">
          finished
        </Badge>
      )}
      {state === 'invalid' && (
        <Badge tone="bad" icon="cross">
          invalid
        </Badge>
      )}
      {failures > 0 && state !== 'invalid' && (
        <Badge tone="bad" icon="alert">
          failing
        </Badge>
      )}
    </>
  )
}

const OUTCOMES: Readonly<Record<Outcome, { tone: Tone; icon: IconName }>> = {
  ok: { tone: 'ok', icon: 'check' },
  failed: { tone: 'bad', icon: 'alert' },
  skipped: { tone: 'skip', icon: 'more' },
  abandoned: { tone: 'bad', icon: 'cross' },
  cancelled: { tone: 'skip', icon: 'cross' },
}

/** How an occurrence ended, and why where it did not go well. */
export function OutcomeBadge({ outcome, reason }: { outcome: Outcome; reason?: string | undefined }) {
  return (
    <Badge {...OUTCOMES[outcome]}>
      {outcome}
      {reason && outcome !== 'ok' && reason !== outcome ? `: ${reason}` : ''}
    </Badge>
  )
}
