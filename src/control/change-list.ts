import { EverybeatError } from '../errors.js'
import type { DefinitionFields } from '../schedule/definition.js'
import { decodeField } from '../schedule/hash-codec.js'
import { undoChange, type ChangeKind, type ChangeVia, type StoredChange } from '../schedule/stored-change.js'

/** One edit of a schedule. */
export interface Change {
  /** The revision after the edit; a pause and its end change neither the definition nor the revision. */
  revision: number
  /** When the edit was made; for an edit by plain Redis commands, when a worker noticed it. */
  at: Date
  /**
   * Who made the edit; absent when the writer is unknown, as with plain Redis commands. A pause that `pauseAfter` makes
   * is by `everybeat`, via `api`.
   */
  by?: string
  /** How the edit was made: `hset` is an edit by plain Redis commands. */
  via: ChangeVia
  /** The kind of the edit. */
  kind: ChangeKind
  /** The changed fields, each with its former and its new value; `null` for no value. A pause is the field `paused`. */
  diff: Record<string, [former: unknown, now: unknown]>
  /** Fields that a declaration changed although they had been edited live since the last declaration. */
  conflicts?: string[]
}

/**
 * The edits of a schedule for people, newest first.
 *
 * @param fields the definition after the newest edit
 */
export function showChanges(changes: readonly StoredChange[], fields: Readonly<DefinitionFields>): Change[] {
  let current: Record<string, string> = { ...fields }
  const shown: Change[] = []
  for (const change of [...changes].reverse()) {
    // The entry of a creation stores no definition: undoing all later edits gives it.
    const diff =
      change.kind === 'create'
        ? Object.fromEntries(Object.entries(current).map(([field, text]) => [field, [null, text] as const]))
        : change.diff
    shown.push(showChange(change, diff))
    current = undoChange(current, change)
  }
  return shown
}

function showChange(
  { revision, atMs, by, via, kind, conflicts }: StoredChange,
  diff: Readonly<Record<string, readonly [string | null, string | null]>>,
): Change {
  const shown = Object.entries(diff).map(([field, [former, now]]) => {
    return [field, [showText(field, former), showText(field, now)]] as const
  })
  return {
    revision,
    at: new Date(atMs),
    ...(by === undefined ? {} : { by }),
    via,
    kind,
    diff: Object.fromEntries(shown) as Change['diff'],
    ...(conflicts === undefined ? {} : { conflicts: [...conflicts] }),
  }
}

/** The value that the text of a field encodes; the text itself if it encodes none. */
function showText(field: string, text: string | null): unknown {
  if (text === null) return null
  try {
    return field === 'paused' ? showPause(text) : decodeField(field, text)
  } catch (error) {
    if (error instanceof EverybeatError || error instanceof SyntaxError) return text
    throw error
  }
}

function showPause(text: string): unknown {
  const { note, until } = JSON.parse(text) as { note?: string; until?: number }
  return { ...(note ? { note } : {}), ...(typeof until === 'number' ? { until: new Date(until) } : {}) }
}
