import { EverybeatError } from '../errors.js'
import type { ScheduleStore } from './store.js'
import type { Definition, DefinitionInput, Instant } from '../schedule/definition.js'
import { shapeOf, type AnyTasks, type DefinitionOf, type NamedDefinition } from '../schedule/exact-definition.js'
import { checkChoice, checkInteger, wrongValue } from '../schedule/field-values.js'
import { decodeFields } from '../schedule/hash-codec.js'
import { copyPayload } from '../schedule/payload.js'
import { parseNote } from '../schedule/policy-values.js'
import { checkName } from '../schedule/name.js'
import { parseDefinition } from '../schedule/parse-definition.js'
import { decidePlan } from '../schedule/decide-plan.js'
import { parseInstant } from '../time/instant.js'
import { preview, type PreviewEntry } from '../time/preview.js'
import { backfillSchedule, checkBackfill, type BackfillOptions, type BackfillResult } from './backfill.js'
import { explainSchedule, type Explanation } from './explain/explain.js'
import { toHistoryEntry, type HistoryEntry } from './history.js'
import { createFilter, type ListFilter } from './list-filter.js'
import { givenOf, mergeChanges } from './merge-changes.js'
import { inBatches } from './batches.js'
import { toRunView, type RunView } from './run-view.js'
import { decodeStored, viewSchedule, type ScheduleView } from './schedule-view.js'
import { prepareWrite, writeDefinition } from './write.js'

/** What became of a write. `conflict`: the revision is not the one that was asked for; nothing was written. */
export interface PutResult {
  outcome: 'created' | 'updated' | 'unchanged' | 'conflict' | 'missing'
  revision: number
}

/** A page of schedules, in the order of their names; `cursor` brings the next page, null at the end. */
export type SchedulePage = ScheduleView[] & { cursor: string | null }

/** Which schedules to list, and how many at a time. */
export interface ListOptions extends ListFilter {
  /** Most schedules in the page; default 100. */
  limit?: number | undefined
  cursor?: string | null | undefined
}

/** What the schedules need of the instance that they belong to. */
export interface ScheduleContext {
  readonly defaults: Partial<DefinitionInput>
  /** The store, once Redis is reachable. */
  store(): Promise<ScheduleStore>
  /** Checks a payload against the schema of its task, where this instance knows the task. */
  checkPayload(task: string, payload: unknown): Promise<void>
}

const DEFAULT_PAGE = 100
const PAGE_READ = 500
const MAX_TRIES = 10
const BATCH = 1_000

/**
 * The schedules of a fleet: everything that can be asked of them and done with them. Each change is one atomic step.
 *
 * @typeParam Tasks the tasks of the fleet and their payloads, where they are known
 */
export class Schedules<Tasks extends object = AnyTasks> {
  readonly #context: ScheduleContext

  constructor(context: ScheduleContext) {
    this.#context = context
  }

  /**
   * Writes a schedule. The same definition again is `unchanged` and touches nothing; a changed trigger starts anew from
   * now; any other change leaves the next run where it is.
   *
   * @throws EverybeatError when the definition is refused; then nothing is written
   */
  async put<Name extends string>(
    name: Name,
    definition: DefinitionOf<Tasks, Name>,
    { ifRevision }: { ifRevision?: number | undefined } = {},
  ): Promise<PutResult> {
    checkRevision(ifRevision)
    const checked = await this.#check(name, shapeOf(definition))
    const store = await this.#context.store()
    return await writeDefinition(store, prepareWrite(checked, await store.now(), { ifRevision: ifRevision ?? null }))
  }

  /** Writes many schedules in pipelined batches. All are checked before the first is written. */
  async putMany(
    definitions: Iterable<NamedDefinition<Tasks>>,
    { onProgress }: { onProgress?: ((progress: { done: number; total: number }) => void) | undefined } = {},
  ): Promise<{ created: number; updated: number; unchanged: number }> {
    const checked: Definition[] = []
    for (const { name, ...definition } of definitions as Iterable<DefinitionInput & { name: string }>)
      checked.push(await this.#check(name, definition))
    const store = await this.#context.store()
    const result = { created: 0, updated: 0, unchanged: 0 }
    const write = async (batch: readonly Definition[]) => {
      const nowMs = await store.now()
      const writes = batch.map((definition) => prepareWrite(definition, nowMs))
      for (const [index, reply] of (await store.putMany(writes)).entries()) {
        let { outcome } = reply
        if (outcome === 'overdue') ({ outcome } = await writeDefinition(store, writes[index]!, reply))
        if (outcome !== 'conflict') result[outcome] += 1
      }
    }
    await inBatches(checked, BATCH, write, onProgress)
    return result
  }

  /**
   * Changes some fields of a schedule; `null` takes a field away. A field of another trigger replaces the trigger.
   * Edits of others meanwhile are not lost: the change is applied again to what they wrote.
   */
  async patch(
    name: string,
    changes: { [Field in keyof DefinitionInput]?: DefinitionInput[Field] | null | undefined },
    { ifRevision }: { ifRevision?: number | undefined } = {},
  ): Promise<PutResult> {
    checkName('schedule', name, 'name')
    checkRevision(ifRevision)
    const store = await this.#context.store()
    for (let tries = 0; ; tries++) {
      const { schedule, nowMs } = await store.read(name)
      if (!schedule) return { outcome: 'missing', revision: 0 }
      const merged = mergeChanges(givenOf(schedule), changes)
      const checked = await this.#check(name, merged)
      const write = prepareWrite(checked, nowMs, { ifRevision: ifRevision ?? null, ifDigest: schedule.digest })
      const result = await writeDefinition(store, write)
      const revision = Number(schedule.state.revision ?? 0)
      if (result.outcome !== 'conflict' || (ifRevision !== undefined && ifRevision !== revision) || tries >= MAX_TRIES)
        return result
    }
  }

  /** A schedule as it stands, or null when there is none of that name. */
  async get(name: string): Promise<ScheduleView | null> {
    const store = await this.#context.store()
    const { schedule, nowMs } = await store.read(name)
    return schedule && viewSchedule(schedule, nowMs)
  }

  /** A page of schedules. Reads only as far as it takes to fill the page. */
  async list({ limit = DEFAULT_PAGE, cursor = null, ...filter }: ListOptions = {}): Promise<SchedulePage> {
    checkInteger(limit, 'limit', 1, 100_000, 'ERR_EVERYBEAT_OPTIONS')
    const store = await this.#context.store()
    const accepts = createFilter(filter)
    const found: ScheduleView[] = []
    let at: string | null = cursor
    do {
      const page = await store.page(at, Math.min(PAGE_READ, limit - found.length))
      for (const schedule of page.schedules) {
        const view = viewSchedule(schedule, page.nowMs)
        if (accepts(view)) found.push(view)
      }
      at = page.cursor
    } while (at !== null && found.length < limit)
    return Object.assign(found, { cursor: at })
  }

  /** How many schedules there are. */
  async count(): Promise<number> {
    return await (await this.#context.store()).count()
  }

  /** Removes a schedule and all that the engine kept of it. A run that goes comes to its end. */
  async remove(name: string): Promise<{ outcome: 'removed' | 'missing' }> {
    const outcome = await (await this.#context.store()).remove(name)
    return { outcome: outcome === 'kept' ? 'missing' : outcome }
  }

  /** Pauses a schedule until it is resumed, or until an instant. Its definition is left alone. */
  async pause(
    name: string,
    { note = '', until }: { note?: string | undefined; until?: Instant | undefined } = {},
  ): Promise<{ outcome: 'paused' | 'missing'; revision: number }> {
    checkName('schedule', name, 'name')
    const untilMs = until === undefined ? null : parseInstant(until, 'until', 'UTC')
    if (note !== '') parseNote(note)
    return await (await this.#context.store()).pause(name, note, untilMs)
  }

  /** Resumes a schedule from now: what was missed meanwhile stays missed, and is in the history as skipped. */
  async resume(name: string): Promise<{ outcome: 'resumed' | 'unchanged' | 'missing'; revision: number }> {
    checkName('schedule', name, 'name')
    const store = await this.#context.store()
    for (let tries = 0; ; tries++) {
      const { schedule, nowMs } = await store.read(name)
      if (!schedule) return { outcome: 'missing', revision: 0 }
      const revision = Number(schedule.state.revision ?? 0)
      const definition = decodeStored(schedule)
      const isDisabled = !(definition instanceof EverybeatError) && !definition.enabled
      if (schedule.state.paused !== undefined) {
        const decision = decidePlan(schedule, nowMs, true)
        const outcome = await store.storePlan({ schedule, ...decision, resume: true })
        if (outcome === 'moved' && tries < MAX_TRIES) continue
      }
      if (isDisabled) {
        const patched = await this.patch(name, { enabled: true })
        return { outcome: 'resumed', revision: patched.revision }
      }
      return { outcome: schedule.state.paused === undefined ? 'unchanged' : 'resumed', revision }
    }
  }

  /** Runs a schedule once, now, on some worker that has its task; does not move the schedule. */
  async trigger(
    name: string,
    { payload }: { payload?: unknown } = {},
  ): Promise<{ outcome: 'triggered'; runId: string } | { outcome: 'missing' }> {
    checkName('schedule', name, 'name')
    const payloadText = payload === undefined ? null : JSON.stringify(copyPayload(payload, 'payload'))
    const store = await this.#context.store()
    if (payload !== undefined) {
      const { schedule } = await store.read(name)
      if (!schedule) return { outcome: 'missing' }
      await this.#context.checkPayload(schedule.fields.task ?? name, payload)
    }
    const runId = await store.enqueue(name, payloadText)
    return runId === null ? { outcome: 'missing' } : { outcome: 'triggered', runId }
  }

  /**
   * Runs the occurrences of a range of the past, both ends included, in order and beside the schedule; what comes due
   * meanwhile is not held up by it. At most 1 000 in one call.
   *
   * @throws EverybeatError for a range or pace that makes no sense, or too many occurrences; then nothing is asked for
   */
  async backfill(name: string, options: BackfillOptions): Promise<BackfillResult> {
    checkName('schedule', name, 'name')
    checkBackfill(options)
    const store = await this.#context.store()
    const { schedule, nowMs } = await store.read(name)
    if (!schedule) return { outcome: 'missing', count: 0, instants: [], runIds: [] }
    return await backfillSchedule(store, decodeFields(name, schedule.fields), nowMs, options)
  }

  /** Says when a schedule runs next and why, what became of its last occurrence and why, and what would make it run. */
  async explain(name: string): Promise<Explanation> {
    checkName('schedule', name, 'name')
    return await explainSchedule(await this.#context.store(), name)
  }

  /** The next `count` instants of a schedule, strictly after now; none for one that is not there or cannot be used. */
  async next(name: string, count = 5): Promise<PreviewEntry[]> {
    const store = await this.#context.store()
    const { schedule, nowMs } = await store.read(name)
    const definition = schedule && decodeStored(schedule)
    if (!definition || definition instanceof EverybeatError) return []
    const remaining = definition.limit === null ? count : definition.limit - Number(schedule.state.seen ?? 0)
    return remaining < 1 ? [] : preview(definition.given, { from: nowMs, count: Math.min(count, remaining), name })
  }

  /** What became of the occurrences of a schedule, newest first. */
  async history(name: string, { limit = 1_000 }: { limit?: number | undefined } = {}): Promise<HistoryEntry[]> {
    checkName('schedule', name, 'name')
    checkInteger(limit, 'limit', 1, 100_000, 'ERR_EVERYBEAT_OPTIONS')
    const entries = await (await this.#context.store()).history(name, limit)
    return entries.map(toHistoryEntry)
  }

  /** The runs that go or wait now, in the whole fleet; at most `limit`, 10 000 when it does not say. */
  async runs({
    state,
    limit = 10_000,
  }: { state?: 'running' | 'waiting' | undefined; limit?: number | undefined } = {}): Promise<RunView[]> {
    if (state !== undefined) checkChoice(state, 'state', ['running', 'waiting'], 'ERR_EVERYBEAT_OPTIONS')
    const stored = await (await this.#context.store()).runs({ state, limit })
    return stored.map(toRunView)
  }

  /** Cancels a run, wherever it is: one that waits is closed, the signal of one that goes aborts. */
  async cancel(runId: string): Promise<{ outcome: 'cancelled' | 'cancelling' | 'missing' }> {
    if (typeof runId !== 'string') throw wrongValue('runId', runId, 'the id of a run', 'ERR_EVERYBEAT_OPTIONS')
    return { outcome: await (await this.#context.store()).cancel(runId) }
  }

  async #check(name: string, definition: DefinitionInput): Promise<Definition> {
    const checked = parseDefinition(name, definition, this.#context.defaults)
    await this.#context.checkPayload(checked.task, checked.payload)
    return checked
  }
}

function checkRevision(ifRevision: number | undefined): void {
  if (ifRevision === undefined) return
  checkInteger(ifRevision, 'ifRevision', 0, Number.MAX_SAFE_INTEGER, 'ERR_EVERYBEAT_OPTIONS')
}
