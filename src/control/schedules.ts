import { askForTraceparent } from '../events/traceparent.js'
import { checkDefinition, noteCallSite } from './check-definition.js'
import { readDeclaration } from '../schedule/declaration.js'
import type { Definition, DefinitionInput, Instant } from '../schedule/definition.js'
import { shapeOf, type AnyTasks, type DefinitionOf, type NamedDefinition } from '../schedule/exact-definition.js'
import { checkChoice, checkInteger, checkOptionNames, wrongValue } from '../schedule/field-values.js'
import { decodeFields } from '../schedule/hash-codec.js'
import { copyPayload } from '../schedule/payload.js'
import { parseNote } from '../schedule/policy-values.js'
import { checkActor, checkName } from '../schedule/name.js'
import { parseInstant } from '../time/instant.js'
import { backfillSchedule, checkBackfill, type BackfillOptions, type BackfillResult } from './backfill.js'
import { revertSchedule, rollbackSchedule, type RevertResult } from './edits.js'
import { givenOf, mergeChanges } from './merge-changes.js'
import type { PutResult, RemoveResult, WriteOptions } from './edit-results.js'
import { resumeSchedule, type ResumeResult } from './resume.js'
import { ScheduleQueries } from './schedule-queries.js'
import type { ScheduleContext } from './schedule-context.js'
import { prepareWrite, writeDefinition, writeMany } from './write.js'

/** Most tries of an edit while others edit the same schedule; in each round at least one edit succeeds. */
const MAX_TRIES = 500
const CODE = 'ERR_EVERYBEAT_OPTIONS'

/**
 * Reads and edits the schedules of a fleet. Each change is one atomic step.
 *
 * @typeParam Tasks the tasks of the fleet and their payloads, where they are known
 */
export class Schedules<Tasks extends object = AnyTasks> extends ScheduleQueries {
  readonly #context: ScheduleContext

  constructor(context: ScheduleContext) {
    super(context)
    this.#context = context
  }

  /**
   * Writes a schedule. The same definition again is `unchanged` and writes nothing. A changed trigger gets a new plan
   * from now; any other change keeps the next instant.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION`, `ERR_EVERYBEAT_NAME`, `ERR_EVERYBEAT_CRON`, … when the definition is
   *   refused, `ERR_EVERYBEAT_PAYLOAD` when its payload is; then nothing is written
   */
  async put<Name extends string>(
    name: Name,
    definition: DefinitionOf<Tasks, Name>,
    options: WriteOptions = {},
  ): Promise<PutResult> {
    const ifRevision = checkWriteOptions(options)
    const checked = await checkDefinition(this.#context, name, shapeOf(definition), noteCallSite(this.put))
    const store = await this.#context.store()
    return await writeDefinition(
      store,
      prepareWrite(checked, await store.now(), { editor: this.#context.editor, ifRevision }),
    )
  }

  /**
   * Writes many schedules in pipelined batches. All definitions are checked before the first write. Resolves with the
   * numbers of `created`, `updated` and `unchanged` schedules.
   *
   * @param definitions with their names
   * @param options `onProgress` is called after each batch: `done` of `total`
   * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION`, or another code of a definition, for the first refused
   *   definition, `ERR_EVERYBEAT_OPTIONS` for a name that is given twice; then nothing is written
   */
  async putMany(
    definitions: Iterable<NamedDefinition<Tasks>>,
    options: { onProgress?: ((progress: { done: number; total: number }) => void) | undefined } = {},
  ): Promise<{ created: number; updated: number; unchanged: number }> {
    checkOptionNames(options, ['onProgress'])
    const checked: Definition[] = []
    const site = noteCallSite(this.putMany)
    const names = new Set<string>()
    for (const { name, ...definition } of definitions as Iterable<DefinitionInput & { name: string }>) {
      if (names.has(name)) throw wrongValue('definitions', name, 'each name once', 'ERR_EVERYBEAT_OPTIONS')
      names.add(name)
      checked.push(await checkDefinition(this.#context, name, definition, site))
    }
    const store = await this.#context.store()
    return await writeMany(store, checked, this.#context.editor, options.onProgress)
  }

  /**
   * Changes some fields of a schedule; `null` removes a field. A field of another trigger replaces the trigger. An edit
   * at the same time is not lost: the change is applied again to its result.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION` or another code of {@link put}, for the resulting definition
   */
  async patch(
    name: string,
    changes: { [Field in keyof DefinitionInput]?: DefinitionInput[Field] | null | undefined },
    options: WriteOptions = {},
  ): Promise<PutResult> {
    checkName('schedule', name, 'name')
    const ifRevision = checkWriteOptions(options)
    const site = noteCallSite(this.patch)
    const store = await this.#context.store()
    for (let tries = 0; ; tries++) {
      const { schedule, nowMs } = await store.read(name)
      if (!schedule) return { outcome: 'missing', revision: 0 }
      const merged = mergeChanges(givenOf(schedule), changes)
      const checked = await checkDefinition(this.#context, name, merged, site)
      const { editor } = this.#context
      const write = prepareWrite(checked, nowMs, { editor, ifRevision, ifDigest: schedule.digest })
      const result = await writeDefinition(store, write)
      if (result.outcome !== 'conflict' || ifRevision !== null || tries >= MAX_TRIES) return result
    }
  }

  /**
   * Removes a schedule and all that Redis stores of it, its history too. Runs in progress continue to their end.
   *
   * `isDeclared` says that code declares the schedule: the next start of that code creates it again. To keep such a
   * schedule from running, pause it. A finished schedule is not created again, so that its occurrences do not run
   * twice.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for what can be no name
   */
  async remove(name: string): Promise<RemoveResult> {
    checkName('schedule', name, 'name')
    const store = await this.#context.store()
    const { schedule } = await store.read(name)
    const isDeclared = schedule !== null && readDeclaration(schedule) !== null && schedule.state.plan !== '.'
    const outcome = await store.remove(name)
    return { outcome: outcome === 'kept' ? 'missing' : outcome, ...(isDeclared ? { isDeclared } : {}) }
  }

  /**
   * Pauses a schedule until it is resumed, or until an instant. Its definition and its `revision` do not change. The
   * `outcome` is `missing` when no schedule has this name.
   *
   * @param options `note`: the reason, for people; `until`: the instant at which the schedule resumes by itself
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`, `ERR_EVERYBEAT_INSTANT` for a wrong `until`
   */
  async pause(
    name: string,
    options: { note?: string | undefined; until?: Instant | undefined } = {},
  ): Promise<{ outcome: 'paused' | 'missing'; revision: number }> {
    checkName('schedule', name, 'name')
    checkOptionNames(options, ['note', 'until'])
    const { note = '', until } = options
    const untilMs = until === undefined ? null : parseInstant(until, 'until', 'UTC')
    if (note !== '') parseNote(note)
    const pause = { note, untilMs, editor: this.#context.editor, ifActive: false }
    const { outcome, revision } = await (await this.#context.store()).pause(name, pause)
    return { outcome: outcome === 'missing' ? outcome : 'paused', revision }
  }

  /**
   * Resumes a schedule from now: the occurrences that it missed do not run; the history records them as skipped.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for what can be no name
   */
  async resume(name: string): Promise<ResumeResult> {
    checkName('schedule', name, 'name')
    const { store, editor } = this.#context
    return await resumeSchedule(await store(), name, editor, () => this.patch(name, { enabled: true }))
  }

  /**
   * Requests a manual run: one run, now, on a worker that has the task; it does not move the schedule. Resolves with
   * the `runId` when Redis has stored the request. The `outcome` is `missing` when no schedule has this name.
   *
   * @param options `payload` instead of the one of the definition
   * @throws EverybeatError `ERR_EVERYBEAT_PAYLOAD` for a payload that is no JSON, or that the schema of the task refuses
   */
  async trigger(
    name: string,
    options: { payload?: unknown } = {},
  ): Promise<{ outcome: 'triggered'; runId: string } | { outcome: 'missing' }> {
    checkName('schedule', name, 'name')
    checkOptionNames(options, ['payload'])
    const { payload } = options
    const traceparent = askForTraceparent(name)
    const payloadText = payload === undefined ? null : JSON.stringify(copyPayload(payload, 'payload'))
    const store = await this.#context.store()
    if (payload !== undefined) {
      const { schedule } = await store.read(name)
      if (!schedule) return { outcome: 'missing' }
      await this.#context.checkPayload(schedule.fields.task ?? name, payload)
    }
    const runId = await store.enqueue(name, payloadText, traceparent)
    return runId === null ? { outcome: 'missing' } : { outcome: 'triggered', runId }
  }

  /**
   * Runs the occurrences of a past range, both ends included, in order. Occurrences that become due at the same time do
   * not wait for them. At most 1 000 in one call.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an invalid range or pace, or too many occurrences; then nothing
   *   is requested
   */
  async backfill(name: string, options: BackfillOptions): Promise<BackfillResult> {
    checkName('schedule', name, 'name')
    checkBackfill(options)
    const store = await this.#context.store()
    const { schedule, nowMs } = await store.read(name)
    if (!schedule) return { outcome: 'missing', count: 0, instants: [], runIds: [] }
    return await backfillSchedule(store, decodeFields(name, schedule.fields), nowMs, options)
  }

  /**
   * Cancels a run on any worker. The `outcome` is `cancelled` for a waiting run, `cancelling` for a running one, whose
   * signal aborts, and `missing` when no such run exists.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an id that is no text
   */
  async cancel(runId: string): Promise<{ outcome: 'cancelled' | 'cancelling' | 'missing' }> {
    if (typeof runId !== 'string') throw wrongValue('runId', runId, 'the id of a run', CODE)
    return { outcome: await (await this.#context.store()).cancel(runId) }
  }

  /**
   * Restores the definition that a schedule had at a revision. This is an edit like any other, with a new revision.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a revision that is not kept any more
   */
  async rollback(name: string, revision: number): Promise<PutResult> {
    checkName('schedule', name, 'name')
    checkInteger(revision, 'revision', [1, Number.MAX_SAFE_INTEGER], CODE)
    const result = await rollbackSchedule(await this.#context.store(), name, revision, this.#context.editor)
    return result as PutResult
  }

  /**
   * Restores the definition that code declared last: live edits since then are undone.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for what can be no name
   */
  async revert(name: string): Promise<RevertResult> {
    checkName('schedule', name, 'name')
    return await revertSchedule(await this.#context.store(), name, this.#context.editor)
  }

  /**
   * The same schedules with another editor: the change lists name that person or program for edits through the returned
   * object.
   *
   * @param editor `actor` as the option of the instance; `via` by default `api`
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
   */
  as(editor: { actor?: string; via?: 'api' | 'cli' | 'dashboard' | 'import' }): Schedules {
    checkOptionNames(editor, ['actor', 'via'])
    const { actor = this.#context.editor.by, via = 'api' } = editor
    checkChoice(via, 'via', ['api', 'cli', 'dashboard', 'import'], CODE)
    return new Schedules({ ...this.#context, editor: { by: actor === '' ? '' : checkActor(actor), via } })
  }
}

/** The revision that the schedule must have; null for any. */
function checkWriteOptions(options: WriteOptions): number | null {
  checkOptionNames(options, ['ifRevision'])
  const { ifRevision } = options
  return ifRevision === undefined ? null : checkInteger(ifRevision, 'ifRevision', [0, Number.MAX_SAFE_INTEGER], CODE)
}
