import { EverybeatError } from '../errors.js'
import type { Change } from './change-list.js'
import type { Instant } from '../schedule/definition.js'
import { checkChoice, checkInteger, checkOptionNames, wrongValue } from '../schedule/field-values.js'
import { checkName } from '../schedule/name.js'
import { preview, type PreviewEntry } from '../time/preview.js'
import { readActivity, type Activity } from './activity.js'
import { explainSchedule, type Explanation } from './explain/explain.js'
import { toHistoryEntry, type HistoryEntry } from './history.js'
import { readChanges } from './edits.js'
import { checkListOptions, listSchedules, type ListOptions, type SchedulePage } from './list.js'
import { toRunView, type RunList } from './run-view.js'
import type { ScheduleContext } from './schedule-context.js'
import type { ScheduleListener, ScheduleWatch } from './listeners.js'
import { decodeStored, viewSchedule, type ScheduleView } from './schedule-view.js'
import { withUnreachable } from './unreachable.js'

const CODE = 'ERR_EVERYBEAT_OPTIONS'

/** Reads the schedules of a fleet. No method changes anything. */
export class ScheduleQueries {
  readonly #context: ScheduleContext

  constructor(context: ScheduleContext) {
    this.#context = context
  }

  /**
   * A schedule with its state, or null when none has this name.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for an invalid name
   */
  async get(name: string): Promise<ScheduleView | null> {
    checkName('schedule', name, 'name')
    const store = await this.#context.store()
    const { schedule, nowMs } = await store.read(name)
    return schedule && viewSchedule(schedule, nowMs)
  }

  /**
   * A page of schedules, by default in the order of their names. Reads only as many schedules as fill the page.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for an unknown option, order, state or cursor
   */
  async list(options: ListOptions = {}): Promise<SchedulePage> {
    checkListOptions(options)
    return await listSchedules(await this.#context.store(), options)
  }

  /**
   * Calls `onChange` for each edit by any instance, also on an instance that is not started. It opens a connection,
   * which `close()` and `beat.stop()` end. An edit by plain Redis commands is reported once a worker has noticed it. A
   * message that is lost with the connection is not repeated; `onGap` is called instead.
   *
   * @returns once every later edit is reported
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a listener without `onChange`, `ERR_EVERYBEAT_CONNECTION` when Redis cannot be
   *   reached
   */
  async watch(listener: ScheduleListener): Promise<ScheduleWatch> {
    if (typeof (listener as ScheduleListener | null)?.onChange !== 'function') {
      throw wrongValue('watch', listener, 'an object with a function onChange', CODE)
    }
    // Keys of another layout are refused here.
    await this.#context.store()
    return await this.#context.watch(listener)
  }

  /**
   * The number of schedules of all shards.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_CONNECTION` when Redis cannot be reached, or a shard does not answer: a total
   *   without it would be wrong
   */
  async count(): Promise<number> {
    return await (await this.#context.store()).count()
  }

  /**
   * Explains when a schedule runs next and why, how its last occurrence ended and why, and what would make it run.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for an invalid name
   */
  async explain(name: string): Promise<Explanation> {
    checkName('schedule', name, 'name')
    return await explainSchedule(await this.#context.store(), name)
  }

  /**
   * The next `count` instants of a schedule, strictly after now; empty when the schedule does not exist or cannot be
   * used.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a `count` that is not 1 to 10 000
   */
  async next(name: string, count = 5): Promise<PreviewEntry[]> {
    checkName('schedule', name, 'name')
    checkInteger(count, 'count', [1, 10_000], CODE)
    const store = await this.#context.store()
    const { schedule, nowMs } = await store.read(name)
    const definition = schedule && decodeStored(schedule)
    if (!definition || definition instanceof EverybeatError) return []
    const remaining = definition.limit === null ? count : definition.limit - Number(schedule.state.seen ?? 0)
    return remaining < 1 ? [] : preview(definition.given, { from: nowMs, count: Math.min(count, remaining), name })
  }

  /**
   * How the occurrences of a schedule ended, newest first.
   *
   * @param options `limit`: most entries, 1 to 100 000; default 1 000
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
   */
  async history(name: string, options: { limit?: number | undefined } = {}): Promise<HistoryEntry[]> {
    checkName('schedule', name, 'name')
    checkOptionNames(options, ['limit'])
    const { limit = 1_000 } = options
    checkInteger(limit, 'limit', [1, 100_000], CODE)
    const entries = await (await this.#context.store()).history(name, limit)
    return entries.map(toHistoryEntry)
  }

  /**
   * The outcomes of all occurrences by minute, for a day back, without the minutes in which no occurrence ended.
   *
   * @param range `from`: the first minute; `to`: the last one
   * @throws EverybeatError `ERR_EVERYBEAT_INSTANT`, `ERR_EVERYBEAT_OPTIONS`
   */
  async activity(range: { from: Instant; to: Instant }): Promise<Activity> {
    checkOptionNames(range, ['from', 'to'])
    const { from, to } = range
    return await readActivity(await this.#context.store(), from, to)
  }

  /**
   * The running and waiting runs of the whole fleet. The list names shards that do not answer; their runs are missing.
   *
   * @param options `state`: only runs in this state; `limit`: most runs, default 10 000
   * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS`
   */
  async runs(
    options: { state?: 'running' | 'waiting' | undefined; limit?: number | undefined } = {},
  ): Promise<RunList> {
    checkOptionNames(options, ['state', 'limit'])
    const { state, limit = 10_000 } = options
    checkInteger(limit, 'limit', [1, 1_000_000], CODE)
    if (state !== undefined) checkChoice(state, 'state', ['running', 'waiting'], CODE)
    const { runs, unreachable } = await (await this.#context.store()).runs({ state, limit })
    return withUnreachable(runs.map(toRunView), unreachable)
  }

  /**
   * The last 20 edits of a schedule, newest first: who made them, when, how, and what they changed. An edit by plain
   * Redis commands is included once a worker has noticed it. Empty for a schedule that does not exist.
   *
   * @throws EverybeatError `ERR_EVERYBEAT_NAME` for an invalid name
   */
  async changes(name: string): Promise<Change[]> {
    checkName('schedule', name, 'name')
    return await readChanges(await this.#context.store(), name)
  }
}
