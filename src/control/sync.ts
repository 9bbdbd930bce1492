import { EverybeatError } from '../errors.js'
import type { DeclarationDecision } from '../schedule/declaration.js'
import type { Definition, DefinitionInput } from '../schedule/definition.js'
import { checkBoolean, checkChoice, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import { checkName } from '../schedule/name.js'
import { compareVersions, isVersion } from '../schedule/version-order.js'
import { inBatches } from './batches.js'
import { checkDefinition, type CallSite } from './check-definition.js'
import { decideFor, prepareDeclaration, type Declarer } from './declare.js'
import type { ScheduleContext } from './schedule-context.js'
import type { DefinitionWrite, ScheduleStore } from './store.js'
import { isPausedBySync, orphanNote, pruneOrphans } from './sync-orphans.js'
import { writeDefinition } from './write.js'

/** The owner of the declarations, and what a sync may do. */
export interface SyncOptions {
  /** The owner of the declared schedules: a sync writes only schedules of this owner. */
  owner: string
  /** What to do with the owner's schedules that are not declared any more; default `report`. */
  prune?: 'report' | 'pause' | 'remove' | undefined
  /**
   * Version of the declaring code: a version lower than the last one changes nothing. A number, or numbers with dots as
   * in semantic versions; default: the `version` of the instance.
   */
  version?: number | string | undefined
  /** Resolves with the changes without making them; default false. */
  dryRun?: boolean | undefined
  /** Called after each batch of definitions: `done` of `total`. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined
}

/** The changes that a sync made, or with `dryRun` would make, as names of schedules. */
export interface SyncResult {
  /** `outdated`: a higher version has declared already, so nothing was changed. */
  outcome: 'applied' | 'planned' | 'outdated'
  /** Declared schedules that did not exist. */
  created: string[]
  /** Schedules whose declaration changed: the changed fields are written, live edits of other fields stay. */
  updated: string[]
  /** Schedules with an unchanged declaration, also those with live edits. */
  unchanged: string[]
  /** The owner's schedules that are not declared; `prune` decides what happens to them. */
  orphaned: string[]
  /** Orphans that were paused. */
  paused: string[]
  /** Orphans that were removed. */
  removed: string[]
  /** Declared names that belong to another owner; they are not changed. */
  conflicts: string[]
}

const BATCH = 1_000
/** Most tries to write a schedule that is edited at the same time. */
const MAX_TRIES = 5
const CODE = 'ERR_EVERYBEAT_OPTIONS'
const OPTION_NAMES = ['owner', 'prune', 'version', 'dryRun', 'onProgress']

type Named = DefinitionInput & { name: string }

/**
 * Applies the declarations of an owner as `kubectl apply` does, and gives the changes. All definitions are checked
 * before the first write. A schedule with an unchanged declaration is read but not written.
 *
 * @throws EverybeatError for a refused option or definition; then nothing is written
 */
export async function syncSchedules(
  context: ScheduleContext,
  definitions: readonly Named[],
  options: SyncOptions,
  steps: SyncSteps,
): Promise<SyncResult> {
  checkOptions(options)
  const { owner, prune = 'report', dryRun = false, onProgress } = options
  const version = options.version === undefined ? context.version : String(options.version)
  const declared = await checkDefinitions(context, definitions, owner, steps.site ?? {})
  const result: SyncResult = {
    outcome: dryRun ? 'planned' : 'applied',
    ...{ created: [], updated: [], unchanged: [], orphaned: [], paused: [], removed: [], conflicts: [] },
  }
  const store = await context.store()
  if (!(await declareVersion(store, owner, version, dryRun))) return { ...result, outcome: 'outdated' }
  const editor = { by: context.editor.by, via: 'sync' } as const
  const declarer = { editor, version, onlyMissing: steps.onlyMissing ?? false }
  const declare = (batch: readonly Definition[]) =>
    declareBatch({ context, store, owner, dryRun, declarer, resume: steps.resume }, batch, result)
  await inBatches([...declared.values()], BATCH, declare, onProgress)
  await pruneOrphans(store, { owner, prune: dryRun ? 'report' : prune, declared, editor }, result)
  return result
}

/** The functions that a sync needs, and its limits. */
export interface SyncSteps {
  /** Ends a pause. */
  resume: (name: string) => Promise<unknown>
  /** Writes only schedules that do not exist; default false. */
  onlyMissing?: boolean
  /** Call site for the errors of definitions. */
  site?: CallSite
}

/** Checks all definitions, by name. */
async function checkDefinitions(
  context: ScheduleContext,
  definitions: readonly Named[],
  owner: string,
  site: CallSite,
): Promise<Map<string, Definition>> {
  const declared = new Map<string, Definition>()
  for (const { name, ...definition } of definitions) {
    if (declared.has(name)) {
      const message = `definitions: ${JSON.stringify(name)} is declared twice`
      throw new EverybeatError(CODE, message, { field: 'name', value: name })
    }
    declared.set(name, await checkDefinition(context, name, { ...definition, owner }, site))
  }
  return declared
}

/** Stores the version of the declaring code; false when a higher one has declared already. */
async function declareVersion(store: ScheduleStore, owner: string, version: string, dryRun: boolean): Promise<boolean> {
  if (version === '') return true
  for (;;) {
    const former = await store.declaredVersion(owner)
    if (compareVersions(version, former) < 0) return false
    if (dryRun || version === former || (await store.declareVersion(owner, version, former))) return true
  }
}

interface BatchContext {
  readonly context: ScheduleContext
  readonly store: ScheduleStore
  readonly owner: string
  readonly dryRun: boolean
  readonly declarer: Declarer
  readonly resume: (name: string) => Promise<unknown>
}

/**
 * Compares a batch with the stored schedules and writes the differences; a schedule that was edited after the
 * comparison is not overwritten.
 */
async function declareBatch(
  { context, store, owner, dryRun, declarer, resume }: BatchContext,
  batch: readonly Definition[],
  result: Pick<SyncResult, 'created' | 'updated' | 'unchanged' | 'conflicts'>,
): Promise<void> {
  let open = batch
  const pruned = new Set<string>()
  for (let tries = 0; open.length > 0; tries++) {
    const stored = await store.readEach(open.map(({ name }) => name))
    const nowMs = await store.now()
    const writes: { definition: Definition; write: DefinitionWrite; decision: DeclarationDecision }[] = []
    for (const definition of open) {
      const { name } = definition
      const schedule = stored.get(name)!
      const exists = schedule.digest !== ''
      if (exists && (schedule.fields.owner ?? '') !== owner) {
        result.conflicts.push(name)
        continue
      }
      if (isPausedBySync(schedule, orphanNote(owner))) pruned.add(name)
      const decision = decideFor(schedule, definition, declarer)
      if (decision.kind === 'unchanged' || decision.kind === 'outdated') result.unchanged.push(name)
      else if (!dryRun) {
        const write = prepareDeclaration(declarer, { schedule, definition, decision }, nowMs)
        writes.push({ definition, write, decision })
      } else if (decision.kind === 'noted') result.unchanged.push(name)
      else result[exists ? 'updated' : 'created'].push(name)
    }
    const replies = await store.putMany(writes.map(({ write }) => write))
    open = []
    for (const [index, reply] of replies.entries()) {
      const { definition, write, decision } = writes[index]!
      const { outcome } = await writeDefinition(store, write, reply)
      if (outcome !== 'conflict') {
        result[outcome].push(definition.name)
        tellConflicts(context, definition.name, decision)
      } else if (tries < MAX_TRIES) open = [...open, definition]
      else result.conflicts.push(definition.name)
    }
  }
  // When an orphan is declared again, for example after a roll-back, its pause by a sync ends; the pause of a person
  // stays.
  if (!dryRun && !declarer.onlyMissing) for (const name of pruned) await resume(name)
}

function tellConflicts({ emit }: ScheduleContext, schedule: string, decision: DeclarationDecision): void {
  if (decision.kind !== 'written' || decision.conflicts.length === 0) return
  emit('schedule:overwritten', { schedule, fields: decision.conflicts })
}

function checkOptions(options: SyncOptions): void {
  if (!isPlainObject(options)) throw wrongValue('options', options, '{ owner, … }', CODE)
  checkKeys(options, OPTION_NAMES, null, CODE)
  const { owner, prune, version, dryRun, onProgress } = options as SyncOptions
  checkName('owner', owner)
  if (prune !== undefined) checkChoice(prune, 'prune', ['report', 'pause', 'remove'], CODE)
  if (dryRun !== undefined) checkBoolean(dryRun, 'dryRun', CODE)
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw wrongValue('onProgress', onProgress, 'a function', CODE)
  }
  if (version !== undefined && !isVersion(String(version))) {
    throw wrongValue('version', version, 'a number, or numbers with dots such as 1.12.0', CODE)
  }
}
