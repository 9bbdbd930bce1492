import type { Trigger } from '../../../src/time/trigger.js'

/** A trigger with exactly these instants, by plain search: the reference that decisions are compared with. */
export function listedTrigger(instants: readonly number[]): Trigger {
  const sorted = [...new Set(instants)].sort((left, right) => left - right)
  return {
    kind: 'cron',
    text: `listed ${sorted.join(' ')}`,
    next: (afterMs) => sorted.find((atMs) => atMs > afterMs) ?? null,
    previous: (beforeMs) => sorted.findLast((atMs) => atMs < beforeMs) ?? null,
    between: (fromMs, toMs, limit) => sorted.filter((atMs) => atMs > fromMs && atMs <= toMs).slice(0, limit),
    matches: (atMs) => sorted.includes(atMs),
  }
}
