import { EverybeatError } from '../errors.js'
import type { DefinitionInput } from '../schedule/definition.js'
import { encodeDefinition } from '../schedule/hash-codec.js'
import { checkName } from '../schedule/name.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import { viewSchedule } from './schedule-view.js'
import type { ScheduleContext, Schedules } from './schedules.js'

/** Who declares, and how far a sync goes. */
export interface SyncOptions {
  /** Who declares: only schedules of this owner are touched. */
  owner: string
  /** What becomes of the owner's schedules that are not declared any more; default `report`. */
  prune?: 'report' | 'pause' | 'remove'
  /** Of the declaring code: a lower version than the one that declared last changes nothing. */
  version?: number | string
  /** Only says what would be done. */
  dryRun?: boolean
  onProgress?: (progress: { done: number; total: number }) => void
}

/** What a sync did, or with `dryRun` would do: names of schedules. */
export interface SyncResult {
  /** `outdated`: a higher version has declared already, so nothing was touched. */
  outcome: 'applied' | 'planned' | 'outdated'
  created: string[]
  updated: string[]
  unchanged: string[]
  /** The owner's schedules that are not declared; paused or removed where `prune` says so. */
  orphaned: string[]
  paused: string[]
  removed: string[]
  /** Declared names that belong to somebody else; left alone. */
  conflicts: string[]
}

const PAGE = 500
const BATCH = 200

/**
 * Makes the owner's schedules what is declared, and says what that takes.
 *
 * @param onlyMissing leaves alone what is there, whatever it says
 */
export async function syncSchedules(
  context: ScheduleContext,
  schedules: Schedules,
  definitions: readonly (DefinitionInput & { name: string })[],
  options: SyncOptions,
  onlyMissing = false,
): Promise<SyncResult> {
  const { owner, prune = 'report', version, dryRun = false, onProgress } = options
  checkOptions(options)
  const declared = new Map<string, DefinitionInput>()
  for (const { name, ...definition } of definitions) {
    if (declared.has(name)) {
      throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', `definitions: ${JSON.stringify(name)} is declared twice`, {
        field: 'name',
        value: name,
      })
    }
    parseDefinition(name, { ...definition, owner }, context.defaults)
    declared.set(name, { ...definition, owner })
  }
  const result: SyncResult = {
    outcome: dryRun ? 'planned' : 'applied',
    created: [],
    updated: [],
    unchanged: [],
    orphaned: [],
    paused: [],
    removed: [],
    conflicts: [],
  }
  const store = await context.store()
  if (version !== undefined && !(await store.declareVersion(owner, String(version), dryRun)))
    return { ...result, outcome: 'outdated' }

  const names = [...declared.keys()]
  for (let start = 0; start < names.length; start += BATCH) {
    const batch = names.slice(start, start + BATCH)
    const outcomes = await Promise.all(
      batch.map((name) => declareOne(context, schedules, name, declared.get(name)!, { owner, dryRun, onlyMissing })),
    )
    for (const [index, outcome] of outcomes.entries()) result[outcome].push(batch[index]!)
    onProgress?.({ done: Math.min(start + BATCH, names.length), total: names.length })
  }
  for (let cursor: string | null = null; ;) {
    const page = await store.page(cursor, PAGE)
    for (const { name, fields } of page.schedules) {
      if (fields.owner !== owner || declared.has(name)) continue
      result.orphaned.push(name)
      if (dryRun || prune === 'report') continue
      if (prune === 'pause') await store.pause(name, orphanNote(owner), null)
      else await store.remove(name, owner)
      result[prune === 'pause' ? 'paused' : 'removed'].push(name)
    }
    cursor = page.cursor
    if (cursor === null) return result
  }
}

async function declareOne(
  context: ScheduleContext,
  schedules: Schedules,
  name: string,
  definition: DefinitionInput,
  { owner, dryRun, onlyMissing }: { owner: string; dryRun: boolean; onlyMissing: boolean },
): Promise<'created' | 'updated' | 'unchanged' | 'conflicts'> {
  const store = await context.store()
  const { schedule } = await store.read(name)
  if (schedule && (schedule.fields.owner ?? '') !== owner) return 'conflicts'
  if (schedule && onlyMissing) return 'unchanged'
  if (!dryRun) {
    const { outcome } = await schedules.put(name, definition)
    // Declared again, as after a roll-back: the pause that a sync has put on it ends; one that a person did stays.
    if (schedule && viewSchedule(schedule, 0).paused?.note === orphanNote(owner)) await schedules.resume(name)
    return outcome === 'conflict' || outcome === 'missing' ? 'conflicts' : outcome
  }
  if (!schedule) return 'created'
  const wanted = encodeDefinition(parseDefinition(name, definition, context.defaults).given)
  const same =
    Object.keys(wanted).length === Object.keys(schedule.fields).length &&
    Object.entries(wanted).every(([field, value]) => schedule.fields[field] === value)
  return same ? 'unchanged' : 'updated'
}

function orphanNote(owner: string): string {
  return `no longer declared by ${owner}`
}

function checkOptions({ owner, prune, version }: SyncOptions): void {
  checkName('owner', owner)
  if (prune !== undefined && !['report', 'pause', 'remove'].includes(prune)) {
    const message = `prune: ${JSON.stringify(prune)} is not allowed: use report, pause or remove`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'prune', value: prune })
  }
  if (version !== undefined && !/^\d+(\.\d+)*$/.test(String(version))) {
    const message = `version: ${JSON.stringify(version)} is not allowed: use a number, or numbers with dots such as 1.12.0`
    throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', message, { field: 'version', value: version })
  }
}
