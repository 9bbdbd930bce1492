/** A run in the state of its schedule. Any program may have written the state, so a field may have any type. */
export interface RecordedRun {
  /** The nominal instant, epoch ms. */
  readonly nominalMs: number
  /** The fencing token of its last claim. */
  readonly fence: number
  /** Number of the execution after failures, from 1. */
  readonly attempt: number
  /** Number of the delivery, from 1. */
  readonly delivery: number
  /** When it was claimed, epoch ms; absent while it waits. */
  readonly claimedAtMs?: number
  /** The id of its worker; absent while it waits. */
  readonly worker?: string
  /** Whether its lease belongs to it alone rather than to its schedule. */
  readonly hasRunLease?: boolean
  /** The reason of its wait. */
  readonly waitsFor?: string
}

/** The letters of the JSON form; `lib/runs.lua` has the same and further ones for scripts. */
const LETTERS = {
  nominalMs: 'n',
  fence: 'f',
  attempt: 'a',
  delivery: 'd',
  claimedAtMs: 's',
  worker: 'w',
  hasRunLease: 'l',
  waitsFor: 'r',
} as const satisfies Record<keyof RecordedRun, string>

/**
 * Reads the text of a run: the short form `<nominal> <fence> <claimed at> <worker>` of a first start, or JSON by letters.
 * Null for a text that is no run. No other TypeScript file knows these forms.
 */
export function readRunText(text: string): RecordedRun | null {
  const first = /^(\d{1,16}) (\d{1,16}) (\d{1,16}) ([\w-]+)$/.exec(text)
  if (first) {
    const [, nominal, fence, claimedAt, worker] = first as unknown as [string, string, string, string, string]
    const numbers = { nominalMs: Number(nominal), fence: Number(fence), claimedAtMs: Number(claimedAt) }
    return { ...numbers, attempt: 1, delivery: 1, worker }
  }
  try {
    const stored = JSON.parse(text) as Record<string, unknown> | null
    if (typeof stored !== 'object' || stored === null || Array.isArray(stored)) return null
    const fields = Object.entries(LETTERS).flatMap(([word, letter]) =>
      stored[letter] === undefined ? [] : [[word, stored[letter]]],
    )
    return Object.fromEntries(fields) as RecordedRun
  } catch {
    return null
  }
}
