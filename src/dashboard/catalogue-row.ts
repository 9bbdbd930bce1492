import type { ScheduleState, ScheduleView } from '../index.js'
import { triggerOf, type TriggerGroup } from './trigger-group.js'

/** The part of a schedule that the catalogue keeps: enough to search, filter, sort and count. */
export interface CatalogueRow {
  readonly name: string
  readonly task: string
  readonly pool: string
  readonly owner: string | null
  readonly tags: readonly string[]
  /** Name, task, owner and tags in lower case, a line each, for the search. */
  readonly text: string
  readonly state: ScheduleState
  readonly nextMs: number | null
  readonly lastMs: number | null
  readonly failures: number
  readonly revision: number
  readonly error: string | null
  /** The fields in which the definition differs from its declaration. */
  readonly differs: readonly string[]
  readonly trigger: TriggerGroup | null
}

/** The row of a schedule. */
export function toRow(view: ScheduleView): CatalogueRow {
  const { name, task = name, owner = null, state, given } = view
  const tags = Array.isArray(view.tags) ? view.tags : []
  return {
    name,
    task,
    pool: view.pool ?? 'default',
    owner,
    tags,
    text: [name, task, owner ?? '', ...tags].join('\n').toLowerCase(),
    state,
    nextMs: view.next?.getTime() ?? null,
    lastMs: view.last?.getTime() ?? null,
    failures: view.failures ?? 0,
    revision: view.revision,
    error: view.error ?? null,
    differs: view.declared?.differs ?? [],
    trigger: state === 'active' && given ? triggerOf(name, given) : null,
  }
}

/** The change of a schedule between two readings: `before` null for a new one, `after` null for a removed one. */
export interface CatalogueChange {
  readonly name: string
  readonly before: CatalogueRow | null
  readonly after: CatalogueRow | null
}

/** The differences between two readings. */
export function findChanges(
  before: ReadonlyMap<string, CatalogueRow>,
  after: ReadonlyMap<string, CatalogueRow>,
): CatalogueChange[] {
  const changes: CatalogueChange[] = []
  for (const [name, row] of after) {
    const old = before.get(name) ?? null
    if (!old || !isSameRow(old, row)) changes.push({ name, before: old, after: row })
  }
  for (const [name, old] of before) if (!after.has(name)) changes.push({ name, before: old, after: null })
  return changes
}

/** Whether two readings of a schedule gave the same row. */
export function isSameRow(left: CatalogueRow, right: CatalogueRow): boolean {
  return (['revision', 'state', 'nextMs', 'lastMs', 'failures', 'error'] as const).every(
    (field) => left[field] === right[field],
  )
}
