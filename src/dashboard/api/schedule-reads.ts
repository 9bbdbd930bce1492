import type { HistoryEntry } from '../../index.js'
import { badRequest, noSuchSchedule } from '../problem.js'
import { json, type RequestContext } from '../request-context.js'
import { toShown } from '../schedule-views.js'
import type { Route } from '../router.js'

const DEFAULT_HISTORY = 60
const MOST_HISTORY = 1_000
/** Most entries of a history that can be paged through. */
const HISTORY_REACH = 20_000

const read = { method: 'GET', role: 'view', isWrite: false } as const

/** The routes that read one schedule. */
export const scheduleReadRoutes: readonly Route[] = [
  {
    ...read,
    path: 'schedules/:name',
    summary: 'A schedule as it is stored',
    answer:
      'the definition with its defaults, given (as it was written), revision, state, next, last, words; ETag is the revision',
    handle: showSchedule,
  },
  {
    ...read,
    path: 'schedules/:name/next',
    summary: 'The next instants of a schedule, with notes where clocks change',
    query: { count: '1 to 1000; default 10' },
    answer: 'next: [{ at, local, note? }]',
    async handle(context) {
      await find(context)
      return json({ next: await context.services.source.next(context.name, context.integer('count', 10, 1, 1_000)) })
    },
  },
  {
    ...read,
    path: 'schedules/:name/history',
    summary: 'What became of the occurrences of a schedule, newest first',
    query: { cursor: 'the cursor of the previous page', limit: `1 to ${MOST_HISTORY}; default ${DEFAULT_HISTORY}` },
    answer: 'history: [{ scheduledAt, outcome, reason?, runId, worker?, attempt, … }], cursor (null at the end)',
    handle: showHistory,
  },
  {
    ...read,
    path: 'schedules/:name/changes',
    summary: 'Who changed a schedule, when, and how; newest first',
    answer: 'changes: [{ revision, at, by, via, diff: { field: [old, new] } }]',
    async handle(context) {
      await find(context)
      const { source, redaction } = context.services
      const changes = await source.changes(context.name)
      return json({
        changes: changes.map((change) => ({ ...change, diff: redaction.diff(change.diff, context.name) })),
      })
    },
  },
  {
    ...read,
    path: 'schedules/:name/explain',
    summary: 'Why a schedule runs when it does, or does not run',
    answer: 'name, state, text, next, last, reasons, advice',
    async handle(context) {
      await find(context)
      return json(await context.services.source.explain(context.name))
    },
  },
]

/** The schedule that the path names. @throws Problem 404 */
export async function find({ services, name }: RequestContext) {
  const view = await services.source.get(name)
  if (!view) throw noSuchSchedule(name)
  return view
}

async function showSchedule(context: RequestContext): Promise<Response> {
  const view = await find(context)
  const { redaction } = context.services
  return json(toShown(view, redaction), 200, { etag: `"${view.revision}"` })
}

async function showHistory(context: RequestContext): Promise<Response> {
  await find(context)
  const { source, redaction } = context.services
  const limit = context.integer('limit', DEFAULT_HISTORY, 1, MOST_HISTORY)
  const cursor = context.query.get('cursor') || null
  const entries = await source.history(context.name, cursor === null ? limit + 1 : HISTORY_REACH)
  const start = cursor === null ? 0 : placeAfter(entries, cursor)
  const page = entries.slice(start, start + limit)
  const hasMore = start + page.length < entries.length
  return json({
    history: page.map((entry) => ({
      ...entry,
      ...(entry.result === undefined ? {} : { result: redaction.result(entry.result) }),
    })),
    cursor: hasMore ? markOf(page.at(-1)!) : null,
  })
}

/** A text that identifies an entry: later entries come before it, so its position would change. */
function markOf({ scheduledAt, runId, attempt, fence, outcome }: HistoryEntry): string {
  return Buffer.from(JSON.stringify([scheduledAt.getTime(), runId, attempt, fence, outcome])).toString('base64url')
}

function placeAfter(entries: readonly HistoryEntry[], cursor: string): number {
  if (!/^[\w-]{4,2000}$/.test(cursor)) throw badRequest('cursor', cursor, 'the cursor of the previous page')
  const index = entries.findIndex((entry) => markOf(entry) === cursor)
  // The history has dropped the entry since, and with it all older entries.
  return index < 0 ? entries.length : index + 1
}
