import type { BackfillOptions } from '../../index.js'
import { badRequest, noSuchSchedule, Problem } from '../problem.js'
import { json, type RequestContext } from '../request-context.js'
import type { Role, DashboardUser } from '../options.js'
import type { Route } from '../router.js'
import { afterWrite } from './after-write.js'
import { readPauseOptions } from './pause-options.js'
import { find } from './schedule-reads.js'

interface Action {
  readonly verb: string
  readonly role: Role
  readonly summary: string
  readonly body: Readonly<Record<string, object>>
  readonly answer: string
  act(context: RequestContext, body: Record<string, unknown>, user: DashboardUser): Promise<object>
}

const text = { type: 'string' }

/** The actions on one schedule that do not write its definition as a whole. */
const ACTIONS: readonly Action[] = [
  {
    verb: 'pause',
    role: 'operate',
    summary: 'Pauses a schedule until it is resumed, or until an instant',
    body: { note: text, until: { type: 'string', format: 'date-time' } },
    answer: 'outcome: paused, revision',
    act: ({ services, name }, body, user) => services.source.as(user).pause(name, readPauseOptions(body)),
  },
  {
    verb: 'resume',
    role: 'operate',
    summary: 'Resumes a schedule from now',
    body: {},
    answer: 'outcome: resumed or unchanged, revision',
    act: ({ services, name }, _body, user) => services.source.as(user).resume(name),
  },
  {
    verb: 'run',
    role: 'operate',
    summary: 'Runs a schedule once, now; does not move it',
    body: { payload: { description: 'instead of the payload of the definition' } },
    answer: 'outcome: triggered, runId; 202',
    async act(context, body, user) {
      const { source, redaction, feed, observer } = context.services
      // The form begins with the masked payload: a secret that the user did not change is kept.
      const payload = 'payload' in body ? redaction.restoreWritten(body['payload'], await find(context)) : undefined
      if (feed.watchers > 0) await observer.expect(context.name)
      return await source.as(user).trigger(context.name, payload === undefined ? {} : { payload })
    },
  },
  {
    verb: 'backfill',
    role: 'operate',
    summary: 'Runs the occurrences of a range of the past, or says which there are',
    body: {
      from: text,
      to: text,
      dryRun: { type: 'boolean' },
      maxPerSecond: { type: 'number' },
      concurrency: { type: 'integer' },
    },
    answer: 'outcome: enqueued or planned, count, instants, runIds',
    act: ({ services, name }, body, user) =>
      services.source.as(user).backfill(name, body as unknown as BackfillOptions),
  },
  {
    verb: 'skip-next',
    role: 'operate',
    summary: 'Skips the next occurrence',
    body: {},
    answer: 'outcome, revision, skipped (the instant), next (the one after it)',
    act: skipNext,
  },
  {
    verb: 'rollback',
    role: 'edit',
    summary: 'Writes a definition as it was after an earlier change',
    body: { revision: { type: 'integer' } },
    answer: 'outcome, revision',
    async act(context, { revision }, user) {
      await find(context)
      if (!Number.isSafeInteger(revision)) throw badRequest('revision', revision, 'a revision of the changes')
      return await context.services.source.as(user).rollback(context.name, revision as number)
    },
  },
  {
    verb: 'revert',
    role: 'edit',
    summary: 'Writes a definition as code declared it last',
    body: {},
    answer: 'outcome, revision',
    async act(context, _body, user) {
      await find(context)
      const result = await context.services.source.as(user).revert(context.name)
      if (result.outcome !== 'undeclared') return result
      const detail = `no code declared ${JSON.stringify(context.name)}: there is nothing to go back to`
      throw new Problem(409, { detail, code: 'ERR_DASHBOARD_STATE' })
    },
  },
]

/** The routes of {@link ACTIONS}. */
export const scheduleActionRoutes: readonly Route[] = ACTIONS.map((action) => ({
  method: 'POST',
  path: `schedules/:name/${action.verb}`,
  role: action.role,
  isWrite: true,
  summary: action.summary,
  body: { type: 'object', properties: action.body },
  answer: action.answer,
  handle: (context) => perform(action, context),
}))

async function perform(action: Action, context: RequestContext): Promise<Response> {
  const body = await context.body()
  const known = Object.keys(action.body)
  const unknown = Object.keys(body).find((field) => !known.includes(field))
  if (unknown !== undefined)
    throw badRequest(unknown, body[unknown], known.length === 0 ? 'an empty body' : known.join(', '))
  const result = await action.act(context, body, context.user)
  const { outcome } = result as { outcome?: string }
  if (outcome === 'missing') throw noSuchSchedule(context.name)
  await afterWrite(context, [context.name])
  return json(result, action.verb === 'run' ? 202 : 200)
}

async function skipNext(context: RequestContext, _body: unknown, user: DashboardUser): Promise<object> {
  const view = await find(context)
  const { source } = context.services
  const [next] = view.state === 'active' ? await source.next(view.name, 1) : []
  if (!next) {
    throw new Problem(409, {
      detail: `${JSON.stringify(view.name)} is ${view.state}: it has no next occurrence`,
      code: 'ERR_DASHBOARD_STATE',
    })
  }
  const result = await source.as(user).patch(view.name, { skipNext: next.at }, view.revision)
  if (result.outcome === 'conflict')
    throw new Problem(409, { detail: 'it was changed at the same moment; try again', code: 'ERR_DASHBOARD_STATE' })
  const [after] = await source.next(view.name, 1)
  return { ...result, skipped: next.at, next: after?.at ?? null }
}
