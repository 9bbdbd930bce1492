import { EverybeatError } from '../errors.js'
import type { Definition, DefinitionInput } from '../schedule/definition.js'
import { encodeDefinition } from '../schedule/hash-codec.js'
import { checkName } from '../schedule/name.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import type { StoredSchedule } from '../schedule/stored-schedule.js'
import { inBatches } from './batches.js'
import type { DefinitionWrite, ScheduleStore } from './store.js'
import type { ScheduleContext } from './schedules.js'
import { viewSchedule } from './schedule-view.js'
import { prepareWrite, writeDefinition } from './write.js'

/** Who declares, and how far a sync goes. */
export interface SyncOptions {
  /** Who declares: only schedules of this owner are touched. */
  owner: string
  /** What becomes of the owner's schedules that are not declared any more; default `report`. */
  prune?: 'report' | 'pause' | 'remove' | undefined
  /** Of the declaring code: a lower version than the one that declared last changes nothing. */
  version?: number | string | undefined
  /** Only says what would be done. */
  dryRun?: boolean | undefined
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined
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
const BATCH = 1_000
/** A schedule that others keep changing is left to them. */
const MAX_TRIES = 5

/**
 * Makes the owner's schedules what is declared, and says what that takes. Everything is checked before the first is
 * written; what stands as declared is read and not written.
 */
export async function syncSchedules(
  context: ScheduleContext,
  definitions: readonly (DefinitionInput & { name: string })[],
  options: SyncOptions,
  { resume, onlyMissing = false }: SyncSteps,
): Promise<SyncResult> {
  const { owner, prune = 'report', version, dryRun = false, onProgress } = options
  checkOptions(options)
  const declared = new Map<string, Definition>()
  for (const { name, ...definition } of definitions) {
    if (declared.has(name)) {
      throw new EverybeatError('ERR_EVERYBEAT_OPTIONS', `definitions: ${JSON.stringify(name)} is declared twice`, {
        field: 'name',
        value: name,
      })
    }
    const checked = parseDefinition(name, { ...definition, owner }, context.defaults)
    await context.checkPayload(checked.task, checked.payload)
    declared.set(name, checked)
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

  const declare = (batch: readonly Definition[]) =>
    declareBatch(store, batch, { owner, dryRun, onlyMissing, resume }, result)
  await inBatches([...declared.values()], BATCH, declare, onProgress)
  for (let cursor: string | null = null; ;) {
    const page = await store.page(cursor, PAGE)
    const orphans = page.schedules.filter(({ name, fields }) => fields.owner === owner && !declared.has(name))
    const names = orphans.map(({ name }) => name)
    result.orphaned.push(...names)
    if (!dryRun && prune === 'pause') {
      await Promise.all(names.map((name) => store.pause(name, orphanNote(owner), null)))
      result.paused.push(...names)
    } else if (!dryRun && prune === 'remove') {
      await Promise.all(names.map((name) => store.remove(name, owner)))
      result.removed.push(...names)
    }
    cursor = page.cursor
    if (cursor === null) return result
  }
}

/** What a sync needs of the schedules, and how far it goes. */
export interface SyncSteps {
  /** Ends a pause. */
  resume: (name: string) => Promise<unknown>
  /** Leaves alone what is there, whatever it says. */
  onlyMissing?: boolean
}

type DeclareOutcome = 'created' | 'updated' | 'unchanged' | 'conflicts'

/** Compares a batch with what stands, and writes what differs; each only if it still is what it was compared with. */
async function declareBatch(
  store: ScheduleStore,
  batch: readonly Definition[],
  { owner, dryRun, onlyMissing, resume }: { owner: string; dryRun: boolean } & Required<SyncSteps>,
  result: Record<DeclareOutcome, string[]>,
): Promise<void> {
  let open = batch
  const pruned: string[] = []
  for (let tries = 0; open.length > 0; tries++) {
    const stored = await store.readMany(open.map(({ name }) => name))
    const nowMs = dryRun ? 0 : await store.now()
    const writes: { definition: Definition; write: DefinitionWrite }[] = []
    for (const definition of open) {
      const { name } = definition
      const schedule = stored.get(name)
      if (schedule && viewSchedule(schedule, 0).paused?.note === orphanNote(owner)) pruned.push(name)
      if (schedule && (schedule.fields.owner ?? '') !== owner) result.conflicts.push(name)
      else if (schedule && (onlyMissing || standsAs(schedule, definition))) result.unchanged.push(name)
      else if (dryRun) result[schedule ? 'updated' : 'created'].push(name)
      else {
        const expected = schedule ? { ifDigest: schedule.digest } : { ifRevision: 0 }
        writes.push({ definition, write: prepareWrite(definition, nowMs, expected) })
      }
    }
    const replies = await store.putMany(writes.map(({ write }) => write))
    open = []
    for (const [index, reply] of replies.entries()) {
      const { definition, write } = writes[index]!
      const { outcome } = await writeDefinition(store, write, reply)
      if (outcome !== 'conflict') result[outcome].push(definition.name)
      else if (tries < MAX_TRIES) open = [...open, definition]
      else result.conflicts.push(definition.name)
    }
  }
  // Declared again, as after a roll-back: the pause that a sync has put on it ends; one that a person did stays.
  if (!dryRun && !onlyMissing) for (const name of pruned) await resume(name)
}

/** Whether a stored schedule says what the definition says, and the engine has taken that in. */
function standsAs({ fields, digest, state }: StoredSchedule, definition: Definition): boolean {
  if (state.digest !== digest || state.error !== undefined) return false
  const wanted = Object.entries(encodeDefinition(definition.given))
  return wanted.length === Object.keys(fields).length && wanted.every(([field, value]) => fields[field] === value)
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
