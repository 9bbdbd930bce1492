import type { DefinitionShape, Everybeat, ScheduleView } from '../../index.js'

const AT_ONCE = 100

/** A field that differs, with both values; undefined for a side without the field. */
export type FieldChange = readonly [stored: unknown, wanted: unknown]

/** The fields in which two checked definitions differ. Values are compared in their stored form, as JSON. */
export function compareDefinitions(
  stored: Readonly<DefinitionShape>,
  wanted: Readonly<DefinitionShape>,
): Record<string, FieldChange> {
  const fields = new Set([...Object.keys(wanted), ...Object.keys(stored)]) as Set<keyof DefinitionShape>
  const changed = [...fields].filter((field) => JSON.stringify(stored[field]) !== JSON.stringify(wanted[field]))
  return Object.fromEntries(changed.map((field) => [field, [stored[field], wanted[field]] as const]))
}

/** The existing schedules of these names. */
export async function readStored(beat: Everybeat, names: readonly string[]): Promise<Map<string, ScheduleView>> {
  const stored = new Map<string, ScheduleView>()
  for (let from = 0; from < names.length; from += AT_ONCE) {
    const batch = names.slice(from, from + AT_ONCE)
    const views = await Promise.all(batch.map((name) => beat.schedules.get(name)))
    views.forEach((view, index) => view !== null && stored.set(batch[index]!, view))
  }
  return stored
}

/** Whether a stored schedule equals the definition; never for an invalid schedule. */
export function saysTheSame(stored: ScheduleView, wanted: Readonly<DefinitionShape>): boolean {
  return stored.given !== undefined && Object.keys(compareDefinitions(stored.given, wanted)).length === 0
}
