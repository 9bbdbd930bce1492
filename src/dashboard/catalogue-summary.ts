import type { ScheduleState } from '../index.js'
import type { CatalogueRow } from './catalogue-row.js'

/** Number of schedules by state, and of those whose last run failed. */
export type StateCounts = Readonly<Record<ScheduleState | 'failing', number>>

/** Active schedules that the same workers can run. */
export interface TaskPlace {
  readonly pool: string
  readonly task: string
  /** The first of these schedules, and their number. */
  readonly name: string
  count: number
}

/** The result of one pass over all rows. */
export interface CatalogueSummary {
  readonly counts: StateCounts
  readonly failing: readonly CatalogueRow[]
  readonly invalid: readonly CatalogueRow[]
  readonly edited: readonly CatalogueRow[]
  readonly places: readonly TaskPlace[]
}

/** Sums the rows up in one pass, whatever their number. */
export function summarize(rows: Iterable<CatalogueRow>): CatalogueSummary {
  const counts = { active: 0, paused: 0, finished: 0, invalid: 0, failing: 0 }
  const found = { failing: [] as CatalogueRow[], invalid: [] as CatalogueRow[], edited: [] as CatalogueRow[] }
  const places = new Map<string, TaskPlace>()
  for (const row of rows) {
    const { state, failures, differs } = row
    counts[state] += 1
    if (failures > 0) counts.failing += 1
    if (state === 'invalid') found.invalid.push(row)
    else if (failures > 0) found.failing.push(row)
    if (differs.length > 0) found.edited.push(row)
    if (state === 'active') addPlace(places, row)
  }
  return { counts, ...found, places: [...places.values()] }
}

function addPlace(places: Map<string, TaskPlace>, { pool, task, name }: CatalogueRow): void {
  const key = `${pool}\n${task}`
  const known = places.get(key)
  if (known) known.count += 1
  else places.set(key, { pool, task, name, count: 1 })
}
