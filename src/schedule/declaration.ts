import { EverybeatError } from '../errors.js'
import type { Definition, DefinitionFields } from './definition.js'
import { fingerprint } from './decide-plan.js'
import { decodeFields, encodeDefinition } from './hash-codec.js'
import { parseJoinedFields } from './stored-change.js'
import type { StoredSchedule } from './stored-schedule.js'
import { compareVersions } from './version-order.js'

/** The last declaration of a schedule, as Redis stores it beside the definition. */
export interface Declaration {
  /** Version of the code that declared it; empty when it has none. */
  readonly version: string
  readonly fields: Readonly<DefinitionFields>
  /** Whether the schedule was finished and removed since. */
  readonly isDone: boolean
}

/** The decision about a declaration, compared with the last one and with the stored definition. */
export type DeclarationDecision =
  /** Nothing is written: the declaration did not change, or the schedule was finished. */
  | { readonly kind: 'unchanged' }
  /** Nothing is written: a higher version of the code has declared the schedule. */
  | { readonly kind: 'outdated'; readonly version: string }
  /** Only the declaration is stored; the definition does not change. */
  | { readonly kind: 'noted' }
  /** The definition is created or changed; `conflicts` are the fields edited live that the declaration overwrites. */
  | { readonly kind: 'written'; readonly definition: Definition; readonly conflicts: readonly string[] }

/** The fields of triggers, of which a definition has exactly one. */
const TRIGGERS = ['cron', 'every', 'at', 'rrule', 'solar']

/** The declaration of a stored schedule; null when no code declared it. */
export function readDeclaration({ declared, fields }: StoredSchedule): Declaration | null {
  if (declared === undefined || declared === '-' || declared === '') return null
  const [version = '', text] = splitOnce(declared.slice(1))
  const isDone = declared.startsWith('!')
  if (declared.startsWith('=')) return { version, fields: canonicalFields('', fields), isDone }
  return { version, fields: parseJoinedFields(text ?? ''), isDone }
}

/**
 * Writes a declaration in the form that the scripts store: its version, and the definition in the form of its digest.
 */
export function formatDeclaration(definition: Definition, version: string): string {
  const pairs = Object.entries(encodeDefinition(definition.given)).sort(([left], [right]) => (left < right ? -1 : 1))
  return `+${version}\0${[String(pairs.length * 2), ...pairs.flat()].join('\0')}`
}

/** The fields in which the stored definition differs from the declaration, in alphabetical order. */
export function differingFields(declaration: Declaration, { name, fields }: StoredSchedule): string[] {
  const live = canonicalFields(name, fields)
  const names = new Set([...Object.keys(declaration.fields), ...Object.keys(live)])
  return [...names].filter((field) => declaration.fields[field] !== live[field]).sort()
}

/**
 * Decides about a declaration as `kubectl apply` does: fields that differ from the last declaration are changed, live
 * edits of other fields stay. If both changed a field, the declaration wins.
 *
 * @param schedule the stored schedule; its digest is empty when none exists
 * @param version version of the declaring code; empty for none. A lower one than the last never changes anything
 */
export function decideDeclaration(schedule: StoredSchedule, wanted: Definition, version: string): DeclarationDecision {
  const last = readDeclaration(schedule)
  const wantedFields = encodeDefinition(wanted.given)
  if (schedule.digest === '') {
    if (last?.isDone && isSameRule(last, wanted)) return { kind: 'unchanged' }
    return { kind: 'written', definition: wanted, conflicts: [] }
  }
  if (last && compareVersions(version, last.version) < 0) return { kind: 'outdated', version: last.version }
  if (last && isSame(last.fields, wantedFields)) {
    return { kind: compareVersions(version, last.version) > 0 ? 'noted' : 'unchanged' }
  }
  const live = canonicalFields(wanted.name, schedule.fields)
  const merged = mergeFields(last?.fields ?? {}, live, wantedFields)
  if (isSame(merged.fields, live) && schedule.state.error === undefined) return { kind: 'noted' }
  try {
    return { kind: 'written', definition: decodeFields(wanted.name, merged.fields), conflicts: merged.conflicts }
  } catch (error) {
    if (!(error instanceof EverybeatError)) throw error
    // Declaration and live edits are valid alone, but not together: the declaration replaces the definition.
    const base = last?.fields ?? {}
    const conflicts = Object.keys(live)
      .filter((field) => live[field] !== base[field])
      .sort()
    return { kind: 'written', definition: wanted, conflicts }
  }
}

/** Merges field by field; the fields of triggers count as one field, because a definition has exactly one of them. */
function mergeFields(
  base: Readonly<DefinitionFields>,
  live: Readonly<DefinitionFields>,
  wanted: Readonly<DefinitionFields>,
): { fields: DefinitionFields; conflicts: string[] } {
  const fields: DefinitionFields = { ...live }
  const conflicts: string[] = []
  const others = [...new Set([...Object.keys(base), ...Object.keys(live), ...Object.keys(wanted)])]
  for (const group of [TRIGGERS, ...others.filter((field) => !TRIGGERS.includes(field)).map((field) => [field])]) {
    if (isSameIn(group, base, wanted)) continue
    if (Object.keys(base).length > 0 && !isSameIn(group, base, live) && !isSameIn(group, live, wanted)) {
      conflicts.push(...group.filter((field) => live[field] !== wanted[field]))
    }
    for (const field of group) {
      if (wanted[field] === undefined) delete fields[field]
      else fields[field] = wanted[field]
    }
  }
  return { fields, conflicts: conflicts.sort() }
}

/** The fields in the form in which the engine writes them; unchanged if they are invalid. */
function canonicalFields(name: string, fields: Readonly<DefinitionFields>): Readonly<DefinitionFields> {
  try {
    return encodeDefinition(decodeFields(name === '' ? 'schedule' : name, fields).given)
  } catch (error) {
    if (error instanceof EverybeatError) return fields
    throw error
  }
}

function isSameRule(last: Declaration, wanted: Definition): boolean {
  try {
    const former = decodeFields(wanted.name, last.fields)
    return fingerprint(former) === fingerprint(wanted) && former.limit === wanted.limit
  } catch (error) {
    if (error instanceof EverybeatError) return false
    throw error
  }
}

function isSame(one: Readonly<DefinitionFields>, other: Readonly<DefinitionFields>): boolean {
  return isSameIn([...new Set([...Object.keys(one), ...Object.keys(other)])], one, other)
}

function isSameIn(
  names: readonly string[],
  one: Readonly<DefinitionFields>,
  other: Readonly<DefinitionFields>,
): boolean {
  return names.every((name) => one[name] === other[name])
}

function splitOnce(text: string): [string, string?] {
  const cut = text.indexOf('\0')
  return cut < 0 ? [text] : [text.slice(0, cut), text.slice(cut + 1)]
}
