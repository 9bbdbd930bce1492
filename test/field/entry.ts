import { Place } from './place.js'

/** What came of an entry. */
export interface Outcome {
  readonly isRight: boolean
  /** The outcome, in words. */
  readonly came: string
}

/** One of the worst things that real use has broken, and the attempt to break it again. */
export interface FieldEntry {
  /** A word by which the entry is picked. */
  readonly key: string
  /** What is put in, in words. */
  readonly put: string
  /** What is right, in words. */
  readonly right: string
  /** Puts it in, on servers and workers of its own. What it throws counts as wrong. */
  attempt(place: Place): Promise<Outcome>
}

/** Tries one entry; its servers and workers end with it. Never rejects. */
export async function tryEntry(entry: FieldEntry): Promise<Outcome> {
  try {
    await using place = new Place()
    return await entry.attempt(place)
  } catch (error) {
    return { isRight: false, came: error instanceof Error ? error.message : String(error) }
  }
}

/** The line of an entry: its verdict, its input and its outcome; for a wrong outcome also the right one. */
export function formatLine({ put, right }: FieldEntry, { isRight, came }: Outcome): string {
  return isRight ? `ok    ${put} → ${came}` : `FAIL  ${put} → ${came} (right: ${right})`
}

/** Tries entries, a few at a time, and writes their lines in their order. Resolves with how many are wrong. */
export async function tryEntries(
  entries: readonly FieldEntry[],
  atOnce: number,
  write: (line: string) => void,
): Promise<number> {
  const outcomes: Promise<Outcome>[] = []
  for (const [index, entry] of entries.entries()) {
    const before = outcomes[index - atOnce] ?? Promise.resolve()
    outcomes.push(before.then(() => tryEntry(entry)))
  }
  let wrongCount = 0
  for (const [index, entry] of entries.entries()) {
    const outcome = await outcomes[index]!
    if (!outcome.isRight) wrongCount += 1
    write(formatLine(entry, outcome))
  }
  return wrongCount
}
