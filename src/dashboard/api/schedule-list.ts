import { describe, EverybeatError, type ListOrder, type SchedulePage } from '../../index.js'
import { badRequest } from '../problem.js'
import { toStrip, withoutSecrets } from '../schedule-views.js'
import type { ListedSchedule } from '../fleet-source.js'
import { json, type RequestContext, type Services } from '../request-context.js'
import { countStates } from '../state-counts.js'
import { LISTED_STATES, ScheduleSearch, SORTS, type ScheduleQuery } from '../schedule-query.js'
import type { Route } from '../router.js'

/** Occurrences that the strip of a listed schedule shows. */
const STRIP_COUNT = 20
const DEFAULT_LIMIT = 50
const MOST_LIMIT = 500

const searches = new WeakMap<Services, ScheduleSearch>()

/** `GET schedules`. */
export const listRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: 'schedules',
    role: 'view',
    isWrite: false,
    summary: 'A page of schedules, each with the strip of its last occurrences',
    query: {
      q: 'words that have to be in the name, task, owner or a tag; `tag:x`, `task:x`, `owner:x`, `pool:x` name the place',
      state: LISTED_STATES.join(', '),
      task: 'only schedules of this task',
      tag: 'only schedules with this tag',
      owner: 'only schedules of this owner',
      sort: `${SORTS.join(', ')}; last has the latest first; with - before it the other way round; default name`,
      cursor: 'the cursor of the previous page',
      limit: `schedules in the page, 1 to ${MOST_LIMIT}; default ${DEFAULT_LIMIT}`,
    },
    answer:
      'schedules, cursor (null at the end), total, counts by state, complete (whether all schedules were searched), counted (whether the counts are of all)',
    handle: listSchedules,
  },
]

async function listSchedules(context: RequestContext): Promise<Response> {
  const query = readQuery(context)
  const { services } = context
  const { catalogue, source } = services
  await catalogue.prepare()
  const order = ownOrder(query)
  if (order !== null) return await listInOrder(context, query, order)
  const search = searches.get(services) ?? new ScheduleSearch(catalogue)
  searches.set(services, search)
  const { names, total, cursor } = search.find(query)
  const listed = await source.listed(names, STRIP_COUNT)
  return await answer(context, { listed, cursor, total, complete: catalogue.isComplete })
}

/**
 * The order of the engine that answers a query, or null. It reads exactly the page from an index, whatever the number of
 * schedules. The engine's order by the last occurrence reads every schedule, so the catalogue answers that order.
 */
function ownOrder({ q, state, task, tag, owner, sort, isDescending, cursor }: ScheduleQuery): ListOrder | null {
  if (q !== '' || state || task || tag || owner || isDescending) return null
  if (sort !== 'name' && sort !== 'next') return null
  return cursor === null || cursor.startsWith(markOf(sort)) ? sort : null
}

async function listInOrder(context: RequestContext, query: ScheduleQuery, order: ListOrder): Promise<Response> {
  const { source } = context.services
  const [page, total] = await Promise.all([readPage(context, query, order), source.count()])
  const histories = await Promise.all(page.map(({ name }) => source.history(name, STRIP_COUNT)))
  const listed = page.map((view, index) => ({ view, history: histories[index]! }))
  const cursor = page.cursor === null ? null : `${markOf(order)}${page.cursor}`
  const known = total ?? context.services.catalogue.rows.size
  return answer(context, { listed, cursor, total: known, complete: total !== null })
}

async function readPage(
  { services }: RequestContext,
  { cursor, limit }: ScheduleQuery,
  order: ListOrder,
): Promise<SchedulePage> {
  try {
    return await services.source.page(limit, cursor === null ? null : cursor.slice(markOf(order).length), order)
  } catch (error) {
    const isOfCursor = error instanceof EverybeatError && error.field === 'cursor'
    if (isOfCursor) throw badRequest('cursor', cursor, 'the cursor of the previous page')
    throw error
  }
}

/** The beginning of a cursor of the engine's own list. */
function markOf(order: string): string {
  return `list:${order}:`
}

interface ListAnswer {
  readonly listed: readonly ListedSchedule[]
  readonly cursor: string | null
  readonly total: number
  readonly complete: boolean
}

async function answer(context: RequestContext, { listed, ...rest }: ListAnswer): Promise<Response> {
  const { catalogue, source } = context.services
  return json({
    schedules: listed.map((each) => toListed(each, context)),
    ...rest,
    counts: await countStates(source, catalogue),
    counted: catalogue.isComplete,
  })
}

function readQuery(context: RequestContext): ScheduleQuery {
  const sort = context.choice('sort', [...SORTS, ...SORTS.map((name) => `-${name}`)]) ?? 'name'
  return {
    q: context.text('q') ?? '',
    state: context.choice('state', LISTED_STATES),
    task: context.text('task'),
    tag: context.text('tag'),
    owner: context.text('owner'),
    sort: sort.replace(/^-/, '') as ScheduleQuery['sort'],
    isDescending: sort.startsWith('-'),
    cursor: context.query.get('cursor') || null,
    limit: context.integer('limit', DEFAULT_LIMIT, 1, MOST_LIMIT),
  }
}

function toListed({ view, history }: ListedSchedule, context: RequestContext): object {
  const { payload: _payload, given, ...shown } = withoutSecrets(view, context.services.redaction)
  const words = given ? wordsOf(given, view.name) : null
  return { ...shown, words, strip: toStrip(history) }
}

function wordsOf(given: object, name: string): string | null {
  try {
    return describe(given, name)
  } catch {
    return null
  }
}
