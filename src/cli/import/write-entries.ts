import type { DefinitionInput, Everybeat, Schedules } from '../../index.js'
import type { ImportedEntry } from '../../moving-in/index.js'
import { readStored, saysTheSame } from './compare-stored.js'

/** All outcomes of an entry. */
export const IMPORT_OUTCOMES = ['created', 'updated', 'unchanged', 'would-create', 'would-update', 'refused'] as const

/** The outcome of an entry, in a dry run the outcome of a write. */
export type ImportOutcome = (typeof IMPORT_OUTCOMES)[number]

/** An entry with its outcome. */
export interface ReportedEntry extends ImportedEntry {
  outcome: ImportOutcome
}

/** Called after each batch. */
export type ImportProgress = (done: number, total: number) => void

const AT_ONCE = 200

/** The outcome that each entry would have; reads only. */
export async function planEntries(beat: Everybeat, entries: readonly ImportedEntry[]): Promise<ReportedEntry[]> {
  const names = entries.flatMap(({ name, definition }) => (definition === undefined ? [] : [name]))
  const stored = await readStored(beat, names)
  return entries.map((entry) => {
    if (entry.definition === undefined) return { ...entry, outcome: 'refused' as const }
    const found = stored.get(entry.name)
    if (found === undefined) return { ...entry, outcome: 'would-create' as const }
    return {
      ...entry,
      outcome: saysTheSame(found, entry.definition) ? ('unchanged' as const) : ('would-update' as const),
    }
  })
}

/** Writes the entries that have a definition, in their order. */
export async function writeEntries(
  schedules: Schedules,
  entries: readonly ImportedEntry[],
  onProgress: ImportProgress,
): Promise<ReportedEntry[]> {
  const written: ReportedEntry[] = []
  for (let from = 0; from < entries.length; from += AT_ONCE) {
    const batch = entries.slice(from, from + AT_ONCE)
    written.push(...(await Promise.all(batch.map((entry) => writeEntry(schedules, entry)))))
    onProgress(written.length, entries.length)
  }
  return written
}

async function writeEntry(schedules: Schedules, entry: ImportedEntry): Promise<ReportedEntry> {
  if (entry.definition === undefined) return { ...entry, outcome: 'refused' }
  const { outcome } = await schedules.put(entry.name, entry.definition as DefinitionInput)
  // A write without an expected revision is never refused.
  return { ...entry, outcome: outcome as 'created' | 'updated' | 'unchanged' }
}

/** The number of entries by outcome. */
export function countOutcomes(entries: readonly ReportedEntry[]): Record<ImportOutcome, number> {
  const counts = IMPORT_OUTCOMES.map((outcome) => [
    outcome,
    entries.filter((entry) => entry.outcome === outcome).length,
  ])
  return Object.fromEntries(counts) as Record<ImportOutcome, number>
}
