import type { DefinitionShape } from '../../../src/index.js'
import type { Random } from './random.js'

/** A schedule of a chaos run: its definition, and what the definition means, said in other words than Everybeat's. */
export interface ChaosSchedule {
  readonly name: string
  readonly definition: DefinitionShape
  /** Occurrences are where the Unix time in ms, cut to the minute when `inMinute`, is a multiple of this. */
  readonly stepMs: number
  readonly inMinute: boolean
  readonly onCrash: 'skip' | 'rerun'
  readonly overlap: 'skip' | 'queue' | 'replace' | 'allow'
  /** Whether only a fault delays it: its handlers are short, and it waits for no other run. */
  readonly isPrompt: boolean
  readonly jitterMs: number
  /** It is due within this stretch only, ends included; default: at any time. */
  readonly window?: { readonly fromMs: number; readonly toMs: number } | undefined
}

interface Shape {
  name: string
  everyMs?: number
  /** Fires each time the second of the minute is a multiple of this number. */
  seconds?: number
  onCrash: 'skip' | 'rerun'
  overlap?: 'skip' | 'queue' | 'replace' | 'allow'
  ms?: number
  jitterMs?: number
}

const SHAPES: readonly Shape[] = [
  { name: 'skip-half-second', everyMs: 500, onCrash: 'skip' },
  { name: 'rerun-half-second', everyMs: 500, onCrash: 'rerun' },
  { name: 'skip-cron', seconds: 1, onCrash: 'skip', ms: 20 },
  { name: 'rerun-cron', seconds: 2, onCrash: 'rerun', ms: 50 },
  { name: 'skip-long', everyMs: 4_000, onCrash: 'skip', ms: 2_600 },
  { name: 'rerun-long', everyMs: 3_000, onCrash: 'rerun', ms: 2_600 },
  { name: 'skip-allow', everyMs: 1_000, onCrash: 'skip', overlap: 'allow', ms: 1_400 },
  { name: 'rerun-allow', everyMs: 1_000, onCrash: 'rerun', overlap: 'allow', ms: 700 },
  { name: 'rerun-queue', everyMs: 1_000, onCrash: 'rerun', overlap: 'queue', ms: 850 },
  { name: 'skip-replace', everyMs: 2_000, onCrash: 'skip', overlap: 'replace', ms: 1_900 },
  { name: 'skip-jitter', everyMs: 1_000, onCrash: 'skip', jitterMs: 300 },
]

/** The fixed mix, which has every policy in it, and some more by the seed. */
export function generateSchedules(random: Random, extraCount = 3): ChaosSchedule[] {
  const extra = Array.from({ length: extraCount }, (_, index): Shape => ({
    name: `extra-${index}`,
    everyMs: random.pick([300, 700, 900, 1_100, 1_700]),
    onCrash: random.pick(['skip', 'rerun']),
    overlap: random.pick(['skip', 'queue', 'replace', 'allow']),
    ms: random.pick([1, 10, 100, 600, 1_500]),
  }))
  return [...SHAPES, ...extra].map(toSchedule)
}

function toSchedule(shape: Shape): ChaosSchedule {
  const { name, everyMs, seconds, onCrash, overlap = 'skip', ms = 5, jitterMs = 0 } = shape
  const trigger = everyMs === undefined ? { cron: `*/${seconds} * * * * *` } : { every: everyMs }
  return {
    name,
    definition: {
      ...trigger,
      task: 'work',
      payload: { ms },
      onCrash,
      overlap,
      misfire: keepsUp(shape) ? 'all' : 'latest',
      maxDeliveries: 50,
      ...(jitterMs > 0 ? { jitter: jitterMs } : {}),
    },
    stepMs: everyMs ?? seconds! * 1_000,
    inMinute: everyMs === undefined,
    onCrash,
    overlap,
    isPrompt: ms < 100,
    jitterMs,
  }
}

/**
 * Whether the schedule has room to catch up: under `all`, one whose runs take most of its period would have occurrences to
 * make up for long after the run of the suite.
 */
function keepsUp({ everyMs, seconds, overlap = 'skip', ms = 5 }: Shape): boolean {
  return overlap === 'allow' || ms <= (everyMs ?? seconds! * 1_000) / 3
}

/** The instants in (fromMs, toMs] at which the schedule is due, from its definition alone. */
export function dueBetween(schedule: ChaosSchedule, fromMs: number, toMs: number): number[] {
  const { stepMs, inMinute, window } = schedule
  if (window)
    return dueBetween(
      { ...schedule, window: undefined },
      Math.max(fromMs, window.fromMs - 1),
      Math.min(toMs, window.toMs),
    )
  const due: number[] = []
  const gridMs = inMinute ? 1_000 : stepMs
  for (let at = (Math.floor(fromMs / gridMs) + 1) * gridMs; at <= toMs; at += gridMs) {
    if ((inMinute ? at % 60_000 : at) % stepMs === 0) due.push(at)
  }
  return due
}
