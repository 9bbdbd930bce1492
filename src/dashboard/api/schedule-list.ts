import { describe } from '../../index.js'
import { toStrip, withoutSecrets } from '../schedule-views.js'
import type { ListedSchedule } from '../fleet-source.js'
import { json, type RequestContext, type Services } from '../request-context.js'
import { LISTED_STATES, ScheduleSearch, SORTS, type ScheduleQuery } from '../schedule-query.js'
import type { Route } from '../router.js'

/** Occurrences that the strip of a listed schedule shows. */
const STRIP_COUNT = 20
const DEFAULT_LIMIT = 50
const MOST_LIMIT = 500
/** Marks the cursor of the engine's own list. */
const OWN_LIST = 'list:'

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
      sort: `${SORTS.join(', ')}; with - before it the other way round; default name`,
      cursor: 'the cursor of the page before',
      limit: `schedules in the page, 1 to ${MOST_LIMIT}; default ${DEFAULT_LIMIT}`,
    },
    answer:
      'schedules, cursor (null at the end), total, counts by state, complete (whether all schedules were searched)',
    handle: listSchedules,
  },
]

async function listSchedules(context: RequestContext): Promise<Response> {
  const query = readQuery(context)
  const { services } = context
  const { catalogue, source } = services
  const isFiltered = query.q !== '' || query.state || query.task || query.tag || query.owner
  if (!isFiltered && query.sort === 'name' && !query.isDescending && (query.cursor ?? OWN_LIST).startsWith(OWN_LIST)) {
    return await listByName(context, query)
  }
  await catalogue.prepare()
  const search = searches.get(services) ?? new ScheduleSearch(catalogue)
  searches.set(services, search)
  const { names, total, cursor } = search.find(query)
  const listed = await source.listed(names, STRIP_COUNT)
  return json({
    schedules: listed.map((each) => toListed(each, context)),
    cursor,
    total,
    counts: countStates(context),
    complete: catalogue.isComplete,
  })
}

/** All schedules by name: the engine reads exactly the page, however many there are. */
async function listByName(context: RequestContext, { cursor, limit }: ScheduleQuery): Promise<Response> {
  const { source, catalogue } = context.services
  const [page, total] = await Promise.all([
    source.page(limit, cursor === null ? null : cursor.slice(OWN_LIST.length)),
    source.count(),
  ])
  const histories = await Promise.all(page.map(({ name }) => source.history(name, STRIP_COUNT)))
  // For the counts, and the search that often follows: nobody waits for it.
  catalogue.prepare().catch(() => {})
  return json({
    schedules: page.map((view, index) => toListed({ view, history: histories[index]! }, context)),
    cursor: page.cursor === null ? null : `${OWN_LIST}${page.cursor}`,
    total,
    counts: countStates(context),
    complete: true,
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

function countStates({ services }: RequestContext): Record<string, number> {
  const counts: Record<string, number> = { active: 0, paused: 0, finished: 0, invalid: 0, failing: 0 }
  for (const { state, failures } of services.catalogue.rows.values()) {
    counts[state]! += 1
    if (failures > 0) counts['failing']! += 1
  }
  return counts
}
