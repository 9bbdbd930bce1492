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

/** Edits of one schedule at the same time are tried again this often; each time at least one of them comes through. */
const MAX_TRIES = 500
const CODE = 'ERR_EVERYBEAT_OPTIONS'

/**
 * The schedules of a fleet: everything that can be asked of them and done with them. Each change is one atomic step.
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
   * Writes a schedule. The same definition again is `unchanged` and touches nothing; a changed trigger starts anew from
   * now; any other change leaves the next run where it is.
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
   * Writes many schedules in pipelined batches. All are checked before the first is written. Resolves with how many were
   * `created`, `updated` and `unchanged`.
   *
   * @param definitions with their names
   * @param options `onProgress` is called after each batch: `done` of `total`
   * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION`, or another code of a definition, for the first that is refused,
   *   `ERR_EVERYBEAT_OPTIONS` for a name that is given twice; then nothing is written
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
   * Changes some fields of a schedule; `null` takes a field away. A field of another trigger replaces the trigger.
   * Edits of others meanwhile are not lost: the change is applied again to what they wrote.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_DEFINITION` or another code of {@link put}, for the definition that comes out
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
   * Removes a schedule and everything that the engine keeps of it. A run under way comes to its end.
   *
   * `isDeclared` says that code declares the schedule: it comes back when that code starts the next time; to keep it
   * from running, pause it. One that has run to its end does not come back: what was done is not done again.
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
   * Pauses a schedule until it is resumed, or until an instant. Its definition, and so its `revision`, stays as it is; the
   * `outcome` is `missing` when no schedule has this name.
   *
   * @param options `note`: why, for people; `until`: the instant at which it resumes by itself
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
   * Resumes a schedule from now: what was missed meanwhile stays missed, and is in the history as skipped.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for what can be no name
   */
  async resume(name: string): Promise<ResumeResult> {
    checkName('schedule', name, 'name')
    const { store, editor } = this.#context
    return await resumeSchedule(await store(), name, editor, () => this.patch(name, { enabled: true }))
  }

  /**
   * Runs a schedule once, now, on a worker that has its task; does not move the schedule. Resolves with the `runId` when the
   * run is asked for; the `outcome` is `missing` when no schedule has this name.
   *
   * @param options `payload` in place of the definition's
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
   * Runs the occurrences of a range of the past, both ends included, in order and beside the schedule; what becomes due
   * meanwhile does not wait for it. At most 1 000 in one call.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a range or pace that makes no sense, or too many occurrences; then nothing is asked for
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
   * Cancels a run, on any worker. `outcome` is `cancelled` for one that waited, `cancelling` for one that is running: its signal
   * aborts; `missing` when no such run exists.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an id that is no text
   */
  async cancel(runId: string): Promise<{ outcome: 'cancelled' | 'cancelling' | 'missing' }> {
    if (typeof runId !== 'string') throw wrongValue('runId', runId, 'the id of a run', CODE)
    return { outcome: await (await this.#context.store()).cancel(runId) }
  }

  /**
   * Makes the definition of a schedule what it was at a revision: an edit like any other, with a revision of its own.
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
   * Makes the definition of a schedule what code declared of it last: live edits since then are undone.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for what can be no name
   */
  async revert(name: string): Promise<RevertResult> {
    checkName('schedule', name, 'name')
    return await revertSchedule(await this.#context.store(), name, this.#context.editor)
  }

  /**
   * The same schedules, edited in the name of another person or program: the change lists name that editor for the edits that
   * are made through the returned object.
   *
   * @param editor `actor` as the option of that name; `via` by default `api`
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
   */
  as(editor: { actor?: string; via?: 'api' | 'cli' | 'dashboard' | 'import' }): Schedules {
    checkOptionNames(editor, ['actor', 'via'])
    const { actor = this.#context.editor.by, via = 'api' } = editor
    checkChoice(via, 'via', ['api', 'cli', 'dashboard', 'import'], CODE)
    return new Schedules({ ...this.#context, editor: { by: actor === '' ? '' : checkActor(actor), via } })
  }
}

/** The revision that a write asks for; null for any. */
function checkWriteOptions(options: WriteOptions): number | null {
  checkOptionNames(options, ['ifRevision'])
  const { ifRevision } = options
  return ifRevision === undefined ? null : checkInteger(ifRevision, 'ifRevision', [0, Number.MAX_SAFE_INTEGER], CODE)
}
