import { json, type RequestContext } from '../request-context.js'
import type { Route } from '../router.js'
import { loadRoute } from './load.js'
import { runCancelRoute } from './run-cancel.js'

const MOST_RUNS = 1_000
const read = { method: 'GET', role: 'view', isWrite: false } as const

/** The routes that read the fleet as a whole, and the route that cancels one of its runs. */
export const fleetRoutes: readonly Route[] = [
  {
    ...read,
    path: 'overview',
    summary: 'The fleet at a glance: what needs attention, the last and the coming hour, what comes next',
    answer: 'now, total, counts, complete, attention, timeline, herds, next, fleet, runs',
    handle: async ({ services }) => json(await services.overview.read()),
  },
  {
    ...read,
    path: 'runs',
    summary: 'The runs that are running or waiting',
    query: { state: 'running, waiting', limit: `1 to ${MOST_RUNS}; default 200` },
    answer: 'runs: [{ runId, schedule, state, reason?, scheduledAt, startedAt?, dueAt?, worker?, attempt, … }]',
    handle: listRuns,
  },
  {
    ...read,
    path: 'fleet',
    summary: 'The live workers',
    answer:
      'workers: [{ id, host, pid, version, node, tz, pool, tasks, concurrency, running, skewMs, startedAt, lastSeenAt }]',
    handle: async ({ services }) => json({ workers: await services.source.fleet() }),
  },
  {
    ...read,
    path: 'doctor',
    summary: 'What is wrong with Redis, the fleet and its schedules, why, and what to do',
    answer: 'ok, findings: [{ check, level, message, why?, advice? }]',
    handle: async ({ services }) => json(await services.source.diagnose()),
  },
  loadRoute,
  {
    ...read,
    path: 'events',
    summary: 'Server-sent events as things happen; begins after the event that `Last-Event-ID` names',
    answer:
      'text/event-stream with the events run, schedule, worker and overview; an overview may say resync (read everything again) or redis (away, back) alone',
    handle: ({ request, services, query }) =>
      services.feed.open(request, request.headers.get('last-event-id') ?? query.get('lastEventId')),
  },
  runCancelRoute,
]

async function listRuns(context: RequestContext): Promise<Response> {
  const state = context.choice('state', ['running', 'waiting']) ?? undefined
  const limit = context.integer('limit', 200, 1, MOST_RUNS)
  const runs = await context.services.source.runs(state, limit)
  return json({ runs, complete: runs.length < limit && runs.unreachableShards === undefined })
}
