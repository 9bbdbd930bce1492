import { checkChoice, checkInteger, checkKeys, isPlainObject, wrongValue } from '../schedule/field-values.js'
import { createFilter, type ListFilter } from './list-filter.js'
import { SCHEDULE_STATES, viewSchedule, type ScheduleView } from './schedule-view.js'
import type { ScheduleStore } from './store.js'
import { withUnreachable } from './unreachable.js'

/** The order of a list of schedules. */
export type ListOrder = 'name' | 'next' | 'last'

/**
 * A page of schedules; `cursor` gets the next page, null at the end. `unreachableShards` are the indexes, from 0, of
 * the shards that did not answer, whose schedules are missing; absent when all shards answered.
 */
export type SchedulePage = ScheduleView[] & { cursor: string | null; unreachableShards?: number[] }

/** Which schedules to list, in which order, and how many at a time. */
export interface ListOptions extends ListFilter {
  /**
   * `name`: by name, shard after shard. `next`: the earliest next run first, schedules without one last. `last`: the
   * latest claimed occurrence first, schedules without one last. Default `name`.
   */
  order?: ListOrder | undefined
  /** Most schedules in the page, 1 to 100 000; default 100. */
  limit?: number | undefined
  /** The `cursor` of the previous page, which had the same order; default: from the start. */
  cursor?: string | null | undefined
}

const CODE = 'ERR_EVERYBEAT_OPTIONS'
const ORDERS = ['name', 'next', 'last'] as const
const NAMES = ['match', 'task', 'tag', 'owner', 'state', 'order', 'limit', 'cursor']
const DEFAULT_PAGE = 100
const PAGE_READ = 500

/** Checks the options before any call to Redis. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` */
export function checkListOptions(options: ListOptions): void {
  if (!isPlainObject(options)) throw wrongValue('options', options, `{ ${NAMES.join(', ')} }`, CODE)
  checkKeys(options, NAMES, null, CODE)
  for (const field of ['match', 'task', 'tag', 'owner'] as const) {
    const text: unknown = options[field]
    if (text !== undefined && typeof text !== 'string') throw wrongValue(field, text, 'a text', CODE)
  }
  const { order, state, limit, cursor } = options as ListOptions
  if (order !== undefined) checkChoice(order, 'order', ORDERS, CODE)
  if (state !== undefined) checkChoice(state, 'state', SCHEDULE_STATES, CODE)
  if (limit !== undefined) checkInteger(limit, 'limit', [1, 100_000], CODE)
  if (cursor !== undefined && cursor !== null && typeof cursor !== 'string') {
    throw wrongValue('cursor', cursor, 'the cursor of the previous page, or null', CODE)
  }
}

/** Lists a page of schedules: reads in the given order until the page is full or all schedules are read. */
export async function listSchedules(
  store: ScheduleStore,
  { order = 'name', limit = DEFAULT_PAGE, cursor = null, ...filter }: ListOptions,
): Promise<SchedulePage> {
  const accepts = createFilter(filter)
  const found: ScheduleView[] = []
  const unreachable = new Set<number>()
  let at: string | null = cursor
  do {
    const count = Math.min(PAGE_READ, limit - found.length)
    const page = order === 'name' ? await store.page(at, count) : await store.pageBy(order, at, count)
    for (const schedule of page.schedules) {
      const view = viewSchedule(schedule, page.nowMs)
      if (accepts(view)) found.push(view)
    }
    for (const shard of page.unreachable) unreachable.add(shard)
    at = page.cursor
  } while (at !== null && found.length < limit)
  return withUnreachable(Object.assign(found, { cursor: at }), unreachable)
}
