import { checkDefinition, EverybeatError, preview, type DefinitionShape } from '../index.js'
import { APPROXIMATED, isRefused, type Draft, type ImportedEntry, type RefusedDraft } from './entry.js'

/** The options that are applied to every entry after the conversion. */
export interface FinishOptions {
  /** Instant from which the next instants of the old rules and of ours are compared. */
  now: Date | number
  /** Owner of the schedules. */
  owner?: string
  /** Task in the old system → task here. */
  taskMap?: Readonly<Record<string, string>>
  /** Imports every schedule switched off, for comparing before switching. */
  disabled?: boolean
  /** Whether a name that is used twice gets a number; otherwise its second use is refused. */
  renames: boolean
}

const COMPARED = 3

/** Makes names unique, applies the options, checks each definition as the engine does, and compares the next instants. */
export function finishEntries(drafts: readonly (Draft | RefusedDraft)[], options: FinishOptions): ImportedEntry[] {
  const used = new Set<string>()
  return drafts.map((draft) => {
    if (isRefused(draft)) return { ...draft }
    const name = uniqueName(draft.name, used, options.renames)
    if (name === null) return refuse(draft, `${JSON.stringify(draft.name)} is defined twice; a name is used once`)
    used.add(name)
    return finishEntry({ ...draft, name }, options)
  })
}

function finishEntry(draft: Draft, options: FinishOptions): ImportedEntry {
  const { name, source, notes, switchOff } = draft
  const input = applyOptions(draft, options)
  try {
    const definition = checkDefinition(name, input)
    const next = compareNext(draft, definition, options.now)
    return { name, source, definition, notes, ...(next !== null && { next }), switchOff }
  } catch (error) {
    if (!(error instanceof EverybeatError)) throw error
    return refuse(draft, error.message)
  }
}

function refuse({ name, source, notes }: Draft, reason: string): ImportedEntry {
  return { name, source, notes, reason }
}

function applyOptions(
  { definition, name, notes }: Draft,
  { owner, taskMap = {}, disabled }: FinishOptions,
): DefinitionShape {
  const task = definition.task ?? name
  const mapped = Object.hasOwn(taskMap, task) ? taskMap[task] : definition.task
  const note = [definition.note, ...notes.filter(isLasting)]
    .filter((text) => text !== undefined && text !== '')
    .join('\n')
  return {
    ...definition,
    ...(mapped !== undefined && { task: mapped }),
    ...(note !== '' && { note: note.slice(0, 2_000) }),
    ...(owner !== undefined && { owner }),
    ...(disabled && { enabled: false }),
  }
}

/** Whether a note says that the schedule fires otherwise than before, which people must find at the schedule later. */
function isLasting(note: string): boolean {
  return note.startsWith(APPROXIMATED)
}

function uniqueName(wanted: string, used: ReadonlySet<string>, renames: boolean): string | null {
  if (!used.has(wanted)) return wanted
  if (!renames) return null
  for (let number = 2; ; number++) if (!used.has(`${wanted}-${number}`)) return `${wanted}-${number}`
}

function compareNext(
  { oldRules, name }: Draft,
  ours: DefinitionShape,
  now: Date | number,
): NonNullable<ImportedEntry['next']> | null {
  if (oldRules === undefined) return null
  const upcoming = (definition: DefinitionShape): string[] =>
    preview(definition, { from: now, count: COMPARED, name }).map(({ at }) => at.toISOString())
  const [oldNext, ourNext] = [upcoming(oldRules), upcoming(ours)]
  return oldNext.join() === ourNext.join() ? null : { old: oldNext, ours: ourNext }
}
