import type { DashboardUser, Role } from '../options.js'
import { badRequest, toProblem } from '../problem.js'
import { json, type RequestContext } from '../request-context.js'
import type { Route } from '../router.js'
import { afterWrite } from './after-write.js'
import { readPauseOptions } from './pause-options.js'

const MOST_NAMES = 1_000
/** Number of writes of a bulk action that are sent at the same time. */
const AT_ONCE = 50

interface BulkAction {
  readonly verb: string
  readonly role: Role
  readonly summary: string
  /** Fields of the body in addition to `names`. */
  readonly fields: Readonly<Record<string, object>>
  act(
    context: RequestContext,
    name: string,
    body: Record<string, unknown>,
    user: DashboardUser,
  ): Promise<{ outcome: string }>
}

const ACTIONS: readonly BulkAction[] = [
  {
    verb: 'pause',
    role: 'operate',
    summary: 'Pauses many schedules, with one note',
    fields: { note: { type: 'string' }, until: { type: 'string', format: 'date-time' } },
    act: ({ services }, name, body, user) => services.source.as(user).pause(name, readPauseOptions(body)),
  },
  {
    verb: 'resume',
    role: 'operate',
    summary: 'Resumes many schedules',
    fields: {},
    act: ({ services }, name, _body, user) => services.source.as(user).resume(name),
  },
  {
    verb: 'delete',
    role: 'edit',
    summary: 'Removes many schedules',
    fields: {},
    act: ({ services }, name, _body, user) => services.source.as(user).remove(name),
  },
]

/** `POST schedules:pause`, `schedules:resume`, `schedules:delete`. */
export const bulkRoutes: readonly Route[] = ACTIONS.map((action) => ({
  method: 'POST',
  path: `schedules:${action.verb}`,
  role: action.role,
  isWrite: true,
  summary: action.summary,
  body: {
    type: 'object',
    required: ['names'],
    properties: {
      names: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: MOST_NAMES },
      ...action.fields,
    },
  },
  answer: 'results: [{ name, outcome, error? }], counts by outcome; one that fails does not hold up the others',
  handle: (context) => perform(action, context),
}))

async function perform(action: BulkAction, context: RequestContext): Promise<Response> {
  const body = await context.body()
  const known = ['names', ...Object.keys(action.fields)]
  const unknown = Object.keys(body).find((field) => !known.includes(field))
  if (unknown !== undefined) throw badRequest(unknown, body[unknown], known.join(', '))
  const names = checkNames(body['names'])
  // Input that is wrong for all schedules is refused before the first write.
  readPauseOptions(body)
  const results: { name: string; outcome: string; error?: string }[] = []
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const batch = names.slice(start, start + AT_ONCE)
    results.push(...(await Promise.all(batch.map((name) => one(action, context, name, body)))))
    await afterWrite(context, batch)
  }
  const counts: Record<string, number> = {}
  for (const { outcome } of results) counts[outcome] = (counts[outcome] ?? 0) + 1
  return json({ results, counts })
}

async function one(action: BulkAction, context: RequestContext, name: string, body: Record<string, unknown>) {
  try {
    const { outcome } = await action.act(context, name, body, context.user)
    return { name, outcome }
  } catch (error) {
    const problem = toProblem(error)
    if (problem.status === 503) throw error
    return { name, outcome: 'refused', error: problem.message }
  }
}

function checkNames(value: unknown): string[] {
  const isList = Array.isArray(value) && value.length > 0 && value.length <= MOST_NAMES
  if (!isList || !value.every((name) => typeof name === 'string')) {
    throw badRequest(
      'names',
      Array.isArray(value) ? `${value.length} values` : value,
      `1 to ${MOST_NAMES} names of schedules`,
    )
  }
  return [...new Set(value as string[])]
}
