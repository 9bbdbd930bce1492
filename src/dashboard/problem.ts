import { EverybeatError, type ErrorCode } from '../index.js'

/** The members of a problem in addition to status and title; they become members of the JSON document. */
export interface ProblemDetails {
  readonly detail?: string
  /** A stable code: one of `ERR_EVERYBEAT_…`, or `ERR_DASHBOARD_…`. */
  readonly code?: string
  readonly [member: string]: unknown
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'The request is not understood',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'It does not fit the state of the schedule',
  412: 'Changed in the meantime',
  413: 'The request is too large',
  415: 'The body is not JSON',
  422: 'Refused',
  428: 'A revision is needed',
  500: 'The dashboard failed',
  501: 'Not available',
  503: 'Redis cannot be reached',
}

const UNAVAILABLE: readonly ErrorCode[] = ['ERR_EVERYBEAT_CONNECTION', 'ERR_EVERYBEAT_STATE', 'ERR_EVERYBEAT_LAYOUT']

/** An answer that is an error, as RFC 9457 writes it: `application/problem+json`. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly details: ProblemDetails

  constructor(status: number, details: ProblemDetails = {}) {
    super(details.detail ?? TITLES[status] ?? 'Failed')
    this.status = status
    this.details = details
  }
}

/** The problem of a schedule that does not exist. */
export function noSuchSchedule(name: string): Problem {
  const detail = `there is no schedule ${JSON.stringify(name)} under this prefix`
  return new Problem(404, { detail, code: 'ERR_DASHBOARD_NOT_FOUND', schedule: name })
}

/** The problem of a value of the query or the body that cannot be used. */
export function badRequest(field: string, value: unknown, allowed: string): Problem {
  const detail = `${field}: ${JSON.stringify(value) ?? 'nothing'} cannot be used; allowed: ${allowed}`
  return new Problem(400, { detail, code: 'ERR_DASHBOARD_REQUEST', field })
}

/** Turns an error into the answer that describes it. The answer to an internal failure has no details. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof EverybeatError) {
    const { code, message, field } = error
    const status = UNAVAILABLE.includes(code) ? 503 : code === 'ERR_EVERYBEAT_DEPENDENCY' ? 501 : 422
    return new Problem(status, { detail: message, code, ...(field === undefined ? {} : { field }) })
  }
  return new Problem(500, {
    detail: 'an unexpected error; the log of the dashboard has it',
    code: 'ERR_DASHBOARD_FAILED',
  })
}

/** The response of a problem. */
export function problemResponse(problem: Problem): Response {
  const { status, details } = problem
  const body = { type: 'about:blank', title: TITLES[status] ?? 'Failed', status, ...details }
  const headers: Record<string, string> = { 'content-type': 'application/problem+json' }
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="everybeat"'
  return new Response(JSON.stringify(body), { status, headers })
}
