import type { DefinitionShape } from '../index.js'

/** One schedule of another system, converted or refused. */
export interface ImportedEntry {
  /** Name of the schedule here. */
  name: string
  /** Where the entry was read: file and line, key, or path in the document. */
  source: string
  /** The definition here; absent when the entry is refused. */
  definition?: DefinitionShape
  /** Differences from the old system, and settings without a counterpart here. */
  notes: string[]
  /** Why the entry cannot be converted, with the nearest definition that can be had. */
  reason?: string
  /** The next three instants by the `old` rules and by `ours`, ISO 8601; present only when they differ. */
  next?: { old: string[]; ours: string[] }
  /** How to switch the entry off in the old system. */
  switchOff?: string
}

/** The result of a converter for one entry, before names are made unique and options are applied. */
export interface Draft {
  /** Name that the schedule will have, before it is made unique. */
  name: string
  /** Where the entry was read: file and line, key, or path in the document. */
  source: string
  /** The definition here. */
  definition: DefinitionShape
  /** Differences from the old system. */
  notes: string[]
  /** A definition that fires by the old rules, where ours had to be approximated. */
  oldRules?: DefinitionShape
  /** How to switch the entry off in the old system. */
  switchOff: string
}

/** An entry that a converter refuses. */
export interface RefusedDraft {
  /** Name that the schedule would have had. */
  name: string
  /** Where the entry was read: file and line, key, or path in the document. */
  source: string
  /** Why it cannot be converted, with the nearest definition that can be had. */
  reason: string
  /** Further differences from the old system. */
  notes: string[]
}

/** Begins the notes that are kept in the schedule's own note too, because the schedule fires otherwise than before. */
export const APPROXIMATED = 'approximated: '

/** Thrown inside a converter to refuse one entry; the other entries are not affected. */
export class Refusal extends Error {
  /** Always `Refusal`. */
  override readonly name = 'Refusal'

  /** @param nearest the nearest definition that can be had, in words; it becomes part of the reason */
  constructor(reason: string, nearest?: string) {
    super(nearest === undefined ? reason : `${reason}; nearest: ${nearest}`)
  }
}

/** Options that every converter gets. */
export interface ConvertOptions {
  /** IANA zone of entries that name none; default: the default of the old system, or UTC. */
  tz?: string
  /** Task of the entries, where the format has no task of its own. */
  task?: string
  /** Whether a crontab is a system crontab, with a column for the user. */
  system?: boolean
  /** Name of the file, for {@link ImportedEntry.source}. */
  file?: string
}

/**
 * Builds one entry. A {@link Refusal}, and the library's own refusal of a definition, become the reason of this entry
 * alone; any other error is a bug and is thrown.
 */
export function draftEntry(
  place: { name: string; source: string },
  build: () => Omit<Draft, 'name' | 'source'> & { name?: string },
): Draft | RefusedDraft {
  try {
    return { ...place, ...build() }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return { ...place, reason: error.message, notes: [] }
  }
}

/** Whether a draft was refused. */
export function isRefused(draft: Draft | RefusedDraft): draft is RefusedDraft {
  return 'reason' in draft
}
