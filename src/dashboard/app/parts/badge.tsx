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

/** A badge for the state of a schedule; an active schedule without failures has none. */
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

/** The outcome of an occurrence, with the cause of an outcome other than ok. */
export function OutcomeBadge({ outcome, reason }: { outcome: Outcome; reason?: string | undefined }) {
  return (
    <Badge {...OUTCOMES[outcome]}>
      {outcome}
      {reason && outcome !== 'ok' && reason !== outcome ? `: ${reason}` : ''}
    </Badge>
  )
}
