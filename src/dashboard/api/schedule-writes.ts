import type { DefinitionShape, PutResult, ScheduleView } from '../../index.js'
import { badRequest, noSuchSchedule, Problem } from '../problem.js'
import { json, type RequestContext } from '../request-context.js'
import { toShown } from '../schedule-views.js'
import type { Route } from '../router.js'
import { afterWrite } from './after-write.js'
import { find } from './schedule-reads.js'

const edit = { role: 'edit', isWrite: true } as const
const DEFINITION_BODY = { type: 'object', description: 'a definition: the fields of `docs/reference/options.md`' }

/** The routes that change the definition of one schedule. */
export const scheduleWriteRoutes: readonly Route[] = [
  {
    ...edit,
    method: 'PUT',
    path: 'schedules/:name',
    summary: 'Writes a schedule; one that exists needs `If-Match: <revision>`',
    body: DEFINITION_BODY,
    answer:
      'outcome (created with 201, updated, unchanged), revision, schedule; 412 shows both sides, 428 asks for If-Match',
    handle: putSchedule,
  },
  {
    ...edit,
    method: 'PATCH',
    path: 'schedules/:name',
    summary: 'Changes some fields of a schedule, null takes one away; needs `If-Match: <revision>`',
    body: DEFINITION_BODY,
    answer: 'outcome, revision, schedule; 412 shows both sides, 428 asks for If-Match',
    handle: patchSchedule,
  },
  {
    ...edit,
    method: 'DELETE',
    path: 'schedules/:name',
    summary: 'Removes a schedule and all that was kept of it; with `If-Match` only if it is at that revision',
    answer: 'outcome: removed',
    handle: deleteSchedule,
  },
]

async function putSchedule(context: RequestContext): Promise<Response> {
  const { services, name } = context
  const definition = readDefinition(await context.body())
  const current = await services.source.get(name)
  const ifRevision = readIfMatch(context, current)
  if (current) restorePayload(definition, current, context)
  const result = await services.source.as(context.user).put(name, definition, ifRevision)
  return await answerWrite(context, result, definition)
}

async function patchSchedule(context: RequestContext): Promise<Response> {
  const { services, name } = context
  const changes = readDefinition(await context.body())
  const current = await find(context)
  const ifRevision = readIfMatch(context, current)
  restorePayload(changes, current, context)
  const result = await services.source.as(context.user).patch(name, changes, ifRevision)
  return await answerWrite(context, result, changes)
}

async function deleteSchedule(context: RequestContext): Promise<Response> {
  const { services, name } = context
  const current = await find(context)
  if (context.request.headers.get('if-match') !== null) {
    const wanted = readIfMatch(context, current)
    if (wanted !== undefined && wanted !== current.revision) throw conflict(context, current, null)
  }
  const result = await services.source.as(context.user).remove(name)
  if (result.outcome === 'missing') throw noSuchSchedule(name)
  await afterWrite(context, [name])
  return json(result)
}

/** A definition of the body. `name` and the fields that only a view has are ignored, so that a client may send a view. */
function readDefinition(body: Record<string, unknown>): DefinitionShape {
  const { name: _name, revision: _revision, ...definition } = body
  return definition as DefinitionShape
}

/** The revision in `If-Match`; undefined for any (`*`). @throws Problem 428 if a revision is needed */
function readIfMatch({ request }: RequestContext, current: ScheduleView | null): number | undefined {
  const text = request.headers.get('if-match')
  if (text === null) {
    // The write is refused if another edit has created the schedule since.
    if (current === null) return 0
    if (request.headers.get('if-none-match') === '*') return 0
    const detail = `${JSON.stringify(current.name)} exists, at revision ${current.revision}: say in If-Match which revision was edited`
    throw new Problem(428, { detail, code: 'ERR_DASHBOARD_REVISION', revision: current.revision })
  }
  if (text.trim() === '*') return undefined
  const revision = /^\s*(?:W\/)?"?(\d{1,15})"?\s*$/.exec(text)?.[1]
  if (revision === undefined) throw badRequest('If-Match', text, 'a revision such as "7", or *')
  return Number(revision)
}

function restorePayload(definition: DefinitionShape, current: ScheduleView, { services }: RequestContext): void {
  if (definition.payload !== undefined) {
    definition.payload = services.redaction.restoreWritten(definition.payload, current)
  }
}

async function answerWrite(context: RequestContext, result: PutResult, submitted: object): Promise<Response> {
  const { services, name } = context
  if (result.outcome === 'missing') throw noSuchSchedule(name)
  const view = await services.source.get(name)
  if (result.outcome === 'conflict') throw conflict(context, view, submitted)
  await afterWrite(context, [name])
  const headers = { etag: `"${result.revision}"` }
  const schedule = view && toShown(view, services.redaction)
  return json({ ...result, name, schedule }, result.outcome === 'created' ? 201 : 200, headers)
}

/** The answer that shows both sides: the stored definition, and the sent one. */
function conflict(
  { services, name, request }: RequestContext,
  view: ScheduleView | null,
  submitted: object | null,
): Problem {
  const current = view && toShown(view, services.redaction)
  const yours = submitted && services.redaction.definition(submitted, name)
  const detail = view
    ? `${JSON.stringify(name)} is at revision ${view.revision}, not at ${request.headers.get('if-match') ?? 'none'}; nothing was written`
    : `${JSON.stringify(name)} was removed by another edit; nothing was written`
  return new Problem(412, {
    detail,
    code: 'ERR_DASHBOARD_CONFLICT',
    revision: view?.revision ?? 0,
    current,
    theirs: current?.given ?? current,
    yours,
    submitted: yours,
  })
}
