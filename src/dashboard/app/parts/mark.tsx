import { formatDuration, formatInstant } from '../format.js'
import type { Outcome, StripMark } from '../model.js'

/** Lateness from which a start counts as late in a picture, ms. */
const LATE_MS = 1_000

/** The look of a mark. */
export type MarkKind = 'ok' | 'late' | 'failed' | 'skipped' | 'abandoned' | 'cancelled' | 'running' | 'planned'

/** The look of an outcome: a run that ended ok and started late is late. */
export function markKind(outcome: Outcome, latenessMs = 0): MarkKind {
  return outcome === 'ok' && latenessMs > LATE_MS ? 'late' : outcome
}

/** The text of a mark. */
export function markWords({ at, outcome, reason, latenessMs, durationMs, count }: StripMark): string {
  const parts = [`${formatInstant(at)} UTC: ${outcome}`]
  if (count !== undefined) parts.push(`${count} occurrences`)
  if (reason !== undefined) parts.push(reason)
  if (latenessMs !== undefined && latenessMs > LATE_MS) parts.push(`${formatDuration(latenessMs)} late`)
  if (durationMs !== undefined) parts.push(`took ${formatDuration(durationMs)}`)
  return parts.join(', ')
}

/** The last occurrences of a schedule in a row, oldest first, with one sentence for screen readers. */
export function Strip({ marks, isRunning = false }: { marks: readonly StripMark[]; isRunning?: boolean }) {
  return (
    <span class="strip" role="img" aria-label={stripWords(marks)}>
      {marks.map((mark) => (
        <span class={`mark ${markKind(mark.outcome, mark.latenessMs)}`} title={markWords(mark)} />
      ))}
      {isRunning && <span class="mark running" title="runs now" />}
    </span>
  )
}

/** `17 ok, 2 skipped, 1 failed`. */
export function stripWords(marks: readonly StripMark[]): string {
  const counts = new Map<string, number>()
  for (const { outcome, latenessMs, count = 1 } of marks) {
    const kind = markKind(outcome, latenessMs)
    counts.set(kind, (counts.get(kind) ?? 0) + count)
  }
  return counts.size === 0 ? 'nothing yet' : [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
}

/** The meaning of the marks. */
export function Legend({ kinds }: { kinds: readonly MarkKind[] }) {
  return (
    <div class="legend">
      {kinds.map((kind) => (
        <span>
          <i class={`mark ${kind}`} />
          {kind}
        </span>
      ))}
    </div>
  )
}
