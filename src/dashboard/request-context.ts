import type { Feed } from './live/feed.js'
import type { FleetObserver } from './live/fleet-observer.js'
import type { DashboardUser, ResolvedDashboardOptions } from './options.js'
import { badRequest, Problem } from './problem.js'
import type { Redaction } from './redaction.js'
import type { FleetSource } from './fleet-source.js'
import type { Catalogue } from './catalogue.js'
import type { Forecast } from './forecast.js'
import type { Overview } from './overview.js'

/** The parts that all requests share: the fleet, and the data that the dashboard keeps while browsers use it. */
export interface Services {
  readonly options: ResolvedDashboardOptions
  readonly source: FleetSource
  readonly catalogue: Catalogue
  readonly forecast: Forecast
  readonly overview: Overview
  readonly feed: Feed
  readonly observer: FleetObserver
  readonly redaction: Redaction
}

/** The largest body that is read, bytes: a payload may have 512 KiB and more. */
const MOST_BYTES = 4 * 1024 * 1024

/** One accepted request to the API. */
export class RequestContext {
  readonly request: Request
  readonly services: Services
  readonly user: DashboardUser
  readonly query: URLSearchParams
  /** The values of the `:segments` of the route. */
  readonly parameters: Readonly<Record<string, string>>

  constructor(request: Request, services: Services, user: DashboardUser, parameters: Readonly<Record<string, string>>) {
    this.request = request
    this.services = services
    this.user = user
    this.parameters = parameters
    this.query = new URL(request.url).searchParams
  }

  /** The segment `:name` of the path. */
  get name(): string {
    return this.parameters['name'] ?? ''
  }

  /** A whole number of the query, or the default when it is absent. @throws Problem 400 */
  integer(field: string, fallback: number, least: number, most: number): number {
    const text = this.query.get(field)
    if (text === null || text === '') return fallback
    const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most)) throw badRequest(field, text, `a whole number from ${least} to ${most}`)
    return value
  }

  /** One of some words of the query, or null when it is absent. @throws Problem 400 */
  choice<Choice extends string>(field: string, choices: readonly Choice[]): Choice | null {
    const text = this.query.get(field)
    if (text === null || text === '') return null
    if (!(choices as readonly string[]).includes(text)) throw badRequest(field, text, choices.join(', '))
    return text as Choice
  }

  /** Text of the query, or undefined when it is empty or absent. */
  text(field: string): string | undefined {
    return this.query.get(field) || undefined
  }

  /** An instant of the query: ISO 8601 text or epoch milliseconds. @throws Problem 400 */
  instant(field: string, fallbackMs: number): number {
    const text = this.query.get(field)
    if (text === null || text === '') return fallbackMs
    const at = /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)
    if (Number.isNaN(at)) throw badRequest(field, text, 'an instant in ISO 8601, or epoch milliseconds')
    return at
  }

  /** The body, which has to be a JSON object; an empty one counts as `{}`. @throws Problem 400 or 413 */
  async body(): Promise<Record<string, unknown>> {
    const length = Number(this.request.headers.get('content-length') ?? 0)
    const text = length > MOST_BYTES ? null : await this.request.text()
    if (text === null || text.length > MOST_BYTES) {
      throw new Problem(413, { detail: `the body has more than ${MOST_BYTES} bytes`, code: 'ERR_DASHBOARD_REQUEST' })
    }
    let value: unknown
    try {
      value = text.trim() === '' ? {} : JSON.parse(text)
    } catch (cause) {
      throw new Problem(400, {
        detail: `the body is not JSON: ${(cause as Error).message}`,
        code: 'ERR_DASHBOARD_REQUEST',
      })
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw badRequest('body', value, 'a JSON object')
    return value as Record<string, unknown>
  }
}

/** A JSON answer. */
export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json', ...headers } })
}
