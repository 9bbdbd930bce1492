import type { Everybeat } from '../index.js'
import { Gate } from './access/gate.js'
import type { RequestOrigin } from './access/host.js'
import { API_ROUTES } from './api/routes.js'
import { answerSession } from './api/session.js'
import { Catalogue } from './catalogue.js'
import { FleetSource } from './fleet-source.js'
import { Forecast } from './forecast.js'
import { Announcements } from './live/announcements.js'
import { Feed } from './live/feed.js'
import { FleetObserver } from './live/fleet-observer.js'
import { normalizeBasePath, resolveDashboardOptions, type DashboardOptions } from './options.js'
import { Overview } from './overview.js'
import { PageAssets } from './page-assets.js'
import { Problem, problemResponse, toProblem } from './problem.js'
import { Redaction } from './redaction.js'
import { RequestContext, type Services } from './request-context.js'
import { Router } from './router.js'
import { secure } from './security-headers.js'
import { Traffic } from './traffic.js'

/** A dashboard: one function from a request to its response, for every host that calls such a function. */
export interface Dashboard {
  /** The path below which the dashboard is served if the mount names no other: `/`, or `/admin/beat/`. */
  readonly basePath: string
  /**
   * Answers a request. A mount gives in `origin` the facts that the request does not contain. Never rejects.
   */
  fetch(request: Request, origin?: RequestOrigin): Promise<Response>
  /** Ends all streams of events and the subscription to edits, so that a server can close. The `Everybeat` of the caller stays open. */
  close(): void
}

/**
 * Makes the dashboard of a fleet. The instance need not be started: without a start it is a control client, and runs nothing.
 *
 * Without `authorize` and `token` it answers requests from this machine to `localhost` and `127.0.0.1` only.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a wrong option
 */
export function createDashboard(beat: Everybeat, options: DashboardOptions = {}): Dashboard {
  return new DashboardServer(beat, options)
}

class DashboardServer implements Dashboard {
  readonly basePath: string
  readonly #services: Services
  readonly #gate: Gate
  readonly #router = new Router(API_ROUTES)
  readonly #assets = new PageAssets()
  readonly #traffic = new Traffic()
  readonly #announcements: Announcements

  constructor(beat: Everybeat, given: DashboardOptions) {
    const options = resolveDashboardOptions(given)
    this.basePath = options.basePath
    const now = Date.now
    const source = new FleetSource(beat)
    const catalogue = new Catalogue(source, this.#traffic, now)
    this.#announcements = new Announcements({ source, catalogue, now })
    catalogue.onAsked(() => this.#announcements.keep())
    const forecast = new Forecast(catalogue, now)
    const overview = new Overview({ source, catalogue, forecast, now })
    const redaction = new Redaction(options.redact)
    const feed = new Feed()
    const observer = new FleetObserver({ feed, source, catalogue, overview, redaction })
    feed.observe(observer)
    this.#gate = new Gate(options, now)
    this.#services = { options, source, catalogue, forecast, overview, redaction, feed, observer }
    // Hosts use the function without its object: `{ fetch: dashboard.fetch }`.
    this.fetch = this.fetch.bind(this)
  }

  async fetch(request: Request, origin: RequestOrigin = {}): Promise<Response> {
    try {
      return secure(await this.#answer(request, isOrigin(origin) ? origin : {}))
    } catch (error) {
      const problem = toProblem(error)
      if (problem.details.code === 'ERR_DASHBOARD_FAILED') console.error('everybeat dashboard:', error)
      return secure(problemResponse(problem))
    }
  }

  close(): void {
    this.#services.feed.close()
    this.#announcements.close()
  }

  async #answer(request: Request, origin: RequestOrigin): Promise<Response> {
    const { pathname, search } = new URL(request.url)
    const base = origin.basePath === undefined ? this.basePath : normalizeBasePath(origin.basePath)
    this.#gate.checkPlace(request, origin)
    if (`${pathname}/` === base) return redirectInside(pathname, search)
    if (!pathname.startsWith(base)) throw new Problem(404, { detail: `${pathname} is not below ${base}` })
    const path = pathname.slice(base.length)
    if (path === 'api/session')
      return await answerSession({ request, gate: this.#gate, options: this.#services.options, path: base })
    if (path === 'api' || path.startsWith('api/'))
      return await this.#traffic.pass(() => this.#answerApi(request, path.slice('api/'.length)))
    return await this.#answerPage(request, path)
  }

  async #answerApi(request: Request, path: string): Promise<Response> {
    const found = this.#router.find(request.method, path)
    if ('route' in found) {
      const user = await this.#gate.admit(request, found.route)
      return await found.route.handle(new RequestContext(request, this.#services, user, found.parameters))
    }
    if ((await this.#gate.identify(request)) === null)
      throw new Problem(401, { detail: 'sign in first', signIn: this.#gate.kind })
    if (found.allowed.length === 0)
      throw new Problem(404, { detail: `the API has no ${JSON.stringify(path)}; see openapi.json` })
    throw new Problem(405, { detail: `allowed: ${[...new Set(found.allowed)].join(', ')}`, allowed: found.allowed })
  }

  async #answerPage(request: Request, path: string): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') throw new Problem(405, { detail: 'allowed: GET' })
    if (path.startsWith('assets/')) {
      const asset = await this.#assets.asset(path)
      if (!asset) throw new Problem(404, { detail: `there is no ${path}` })
      return asset
    }
    // The page itself holds no data; a user who is not signed in gets the sign-in page.
    const user = await this.#gate.identify(request)
    return await this.#assets.document(path.split('/').length - 1, user === null ? 401 : 200)
  }
}

/** Some hosts call a fetch function with arguments of their own. */
function isOrigin(value: unknown): value is RequestOrigin {
  return typeof value === 'object' && value !== null && ('basePath' in value || 'remoteAddress' in value)
}

/** Redirects to the path with a slash at its end, without which a page's relative links would be wrong. Relative, for proxies. */
function redirectInside(pathname: string, search: string): Response {
  const last = pathname.split('/').at(-1) ?? ''
  return new Response(null, { status: 308, headers: { location: `./${last}/${search}` } })
}
