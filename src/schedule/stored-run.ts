/** A run as the state of its schedule notes it, by the short names of the protocol. */
export interface NotedRun {
  /** Nominal instant, epoch ms. */
  readonly n: number
  /** Fence of its claim. */
  readonly f: number
  /** Attempt and delivery, from 1. */
  readonly a: number
  readonly d: number
  /** When it was claimed, epoch ms, and by whom; absent while it waits. */
  readonly s?: number
  readonly w?: string
  /** Missed occurrences that it stands for beyond itself. */
  readonly m: number
  /** `o` occurrence, `m` by hand, `b` backfilled. */
  readonly k: string
  /** Whether it has a lease of its own. */
  readonly l?: boolean
  /** Why it waits. */
  readonly r?: string
}

/** Reads what a state notes of a run: the short form `<n> <f> <s> <w>` of a first start, or JSON. Null for what is none. */
export function readRunText(text: string): NotedRun | null {
  const plain = /^(\d{1,16}) (\d{1,16}) (\d{1,16}) ([\w-]+)$/.exec(text)
  if (plain) {
    const [, nominal, fence, started, worker] = plain as unknown as [string, string, string, string, string]
    return { n: Number(nominal), f: Number(fence), a: 1, d: 1, m: 0, k: 'o', s: Number(started), w: worker }
  }
  try {
    const run = JSON.parse(text) as unknown
    return typeof run === 'object' && run !== null && !Array.isArray(run) ? (run as NotedRun) : null
  } catch {
    return null
  }
}
