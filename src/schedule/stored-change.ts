import type { DefinitionFields } from './definition.js'
import { unpackCreation } from './packed-creation.js'

/** The way of an edit; `hset` is any plain Redis command. */
export type ChangeVia = 'api' | 'cli' | 'dashboard' | 'hset' | 'declaration' | 'sync' | 'import'

/** The editor of schedules, as the change list records it. */
export interface Editor {
  /** A person or a program; empty when unknown. */
  readonly by: string
  readonly via: ChangeVia
}

/** The kind of an edit; a `pause` and a `resume` do not change the definition. */
export type ChangeKind = 'create' | 'edit' | 'pause' | 'resume' | 'rollback' | 'revert'

/** A stored edit; its diff holds texts of fields. */
export interface StoredChange {
  readonly revision: number
  readonly atMs: number
  readonly by?: string
  readonly via: ChangeVia
  readonly kind: ChangeKind
  readonly diff: Readonly<Record<string, readonly [string | null, string | null]>>
  readonly conflicts?: readonly string[]
}

/** The stored edits of a schedule. */
export interface StoredChanges {
  /** The definition after the newest edit; null when unknown. */
  readonly known: Readonly<DefinitionFields> | null
  /** Oldest first. */
  readonly changes: readonly StoredChange[]
}

/**
 * The stored edits of a schedule, from its list and from the fields {@link BRIEF_CHANGES} of its state. A worker of an
 * earlier version begins a list without the creation, which is then still in the state.
 */
export function joinChanges(list: readonly string[], values: readonly (string | null)[]): StoredChanges {
  const brief = parseBriefChanges(values)
  if (list.length === 0) return brief
  const { known, changes } = parseChanges(list)
  return { known, changes: changes[0]?.revision === 1 ? changes : [...brief.changes, ...changes] }
}

/** Reads a change list as it is stored: the definition, the declaration, then the edits. */
function parseChanges(list: readonly string[]): StoredChanges {
  const [known = '', , ...entries] = list
  return {
    known: known === '' ? null : parseJoinedFields(known),
    changes: entries.flatMap((text) => parseChange(text) ?? []),
  }
}

const PACKED_PIECES = ['from', 'from2', 'from3', 'from4']

/** The fields of a state that replace the change list of a schedule without edits since its creation. */
export const BRIEF_CHANGES = [...PACKED_PIECES, 'made', 'known', 'known2', 'known3', 'known4']

/**
 * Reads the change list from the fields of a state: who created the schedule and when, and its definition, packed or in
 * plain text, each in pieces.
 */
function parseBriefChanges(values: readonly (string | null)[]): StoredChanges {
  const packed = unpackCreation(values.slice(0, PACKED_PIECES.length).join(''))
  if (packed) {
    const { atMs, via, by, fields } = packed
    const creation: StoredChange = { revision: 1, atMs, kind: 'create', via, diff: {}, ...(by !== '' && { by }) }
    return { known: fields, changes: [creation] }
  }
  const [made, ...pieces] = values.slice(PACKED_PIECES.length)
  const [, at, via, by] = /^(\d+) (\S+) ?(.*)$/s.exec(made ?? '') ?? []
  if (at === undefined) return { known: null, changes: [] }
  const entry = JSON.stringify({ r: 1, t: Number(at), k: 'create', v: via, ...(by !== '' && { b: by }) })
  return parseChanges([pieces.join(''), '', entry])
}

/**
 * Reads a definition as the scripts join it: the count of names and texts, then each name with its text, separated by
 * NUL.
 */
export function parseJoinedFields(text: string): DefinitionFields {
  const parts = text.split('\0')
  const pairs = Array.from({ length: Math.floor((parts.length - 1) / 2) }, (_, index) => {
    return [parts[2 * index + 1]!, parts[2 * index + 2]!] as const
  })
  return Object.fromEntries(pairs)
}

/** Reads an entry of the change list; null for an invalid text. */
function parseChange(text: string): StoredChange | null {
  try {
    const { r, t, k, b, v, c, d } = JSON.parse(text) as Record<string, unknown>
    if (typeof r !== 'number' || typeof t !== 'number') return null
    return {
      revision: r,
      atMs: t,
      kind: k as ChangeKind,
      via: v as ChangeVia,
      diff: (d ?? {}) as StoredChange['diff'],
      ...(typeof b === 'string' ? { by: b } : {}),
      ...(Array.isArray(c) && c.length > 0 ? { conflicts: c.map(String) } : {}),
    }
  } catch {
    return null
  }
}

/** The definition at a revision, as far back as edits are stored; otherwise null. */
export function definitionAt(
  changes: readonly StoredChange[],
  fields: Readonly<DefinitionFields>,
  revision: number,
): DefinitionFields | null {
  let current: Record<string, string> = { ...fields }
  for (const change of [...changes].reverse()) {
    if (change.revision === revision) return current
    if (change.revision < revision) return null
    current = undoChange(current, change)
  }
  // The diff of the oldest stored edit also gives the definition before it.
  const oldest = changes[0]
  return oldest && oldest.kind !== 'create' && oldest.revision - 1 === revision ? current : null
}

/** The definition before an edit. */
export function undoChange(fields: Record<string, string>, { diff }: StoredChange): Record<string, string> {
  const former = { ...fields }
  for (const [field, [text]] of Object.entries(diff)) {
    if (field === 'paused') continue
    if (text === null) delete former[field]
    else former[field] = text
  }
  return former
}
