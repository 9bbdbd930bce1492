import type { DashboardUser, ResolvedDashboardOptions, Role } from '../options.js'
import { ROLES } from '../options.js'
import { Problem } from '../problem.js'
import type { Route } from '../router.js'
import { isForeignRead, whyForged } from './forgery.js'
import { whyNotLocal, type RequestOrigin } from './host.js'
import { TokenSession } from './token-session.js'

/** Decides which user a request has, and what it may do. */
export class Gate {
  readonly #options: ResolvedDashboardOptions
  /** The sign-in by token; null without a token. */
  readonly session: TokenSession | null

  constructor(options: ResolvedDashboardOptions, now: () => number) {
    this.#options = options
    this.session = options.token === null ? null : new TokenSession(options.token, now)
  }

  /** How users sign in: by a token in the form, by the host application, or not at all. */
  get kind(): 'token' | 'host' | 'local' {
    if (this.session) return 'token'
    return this.#options.authorize ? 'host' : 'local'
  }

  /** Refuses a request that must not be served at all, for a page or data. @throws Problem 403 */
  checkPlace(request: Request, origin: RequestOrigin): void {
    const why = this.kind === 'local' ? whyNotLocal(request, origin) : null
    if (why !== null) throw new Problem(403, { detail: why, code: 'ERR_DASHBOARD_HOST' })
  }

  /** The user of a request; null when the user is not known. */
  async identify(request: Request): Promise<DashboardUser | null> {
    const { authorize, actor } = this.#options
    if (this.session) return this.session.isSignedIn(request) ? { user: actor, role: 'edit' } : null
    if (!authorize) return { user: actor, role: 'edit' }
    return checkUser(await authorize(request))
  }

  /** Accepts a request to the API, or throws. @throws Problem 401, 403 or 415 */
  async admit(request: Request, route: Route): Promise<DashboardUser> {
    this.checkSource(request, route.method !== 'GET')
    const user = await this.identify(request)
    if (user === null)
      throw new Problem(401, { detail: 'sign in first', code: 'ERR_DASHBOARD_SIGN_IN', signIn: this.kind })
    if (route.isWrite && this.#options.readOnly) {
      throw new Problem(403, { detail: 'this dashboard is read-only', code: 'ERR_DASHBOARD_READ_ONLY' })
    }
    if (!mayDo(user.role, route.role)) {
      const detail = `${user.user} has the role ${user.role}; this needs the role ${route.role}`
      throw new Problem(403, { detail, code: 'ERR_DASHBOARD_ROLE', role: user.role, needs: route.role })
    }
    return user
  }

  /** Refuses a request that a page of another site makes a browser send. @throws Problem 403 or 415 */
  checkSource(request: Request, isUnsafe: boolean): void {
    const forged = isUnsafe ? whyForged(request) : null
    if (forged) throw new Problem(forged.status, { detail: forged.detail, code: 'ERR_DASHBOARD_FORGERY' })
    if (!isUnsafe && isForeignRead(request)) {
      throw new Problem(403, { detail: 'a page of another site asks for this', code: 'ERR_DASHBOARD_FORGERY' })
    }
  }
}

/** Whether a role has the rights of another role. */
export function mayDo(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** The result of `authorize`, if it is a valid user: a mistake there must give no rights. */
function checkUser(value: unknown): DashboardUser | null {
  if (value === null || value === undefined) return null
  const { user, role } = value as Partial<DashboardUser>
  if (typeof user !== 'string' || user === '' || !ROLES.includes(role as Role)) {
    const detail = '`authorize` has to give null or { user, role } with the role view, operate or edit'
    throw new Problem(500, { detail, code: 'ERR_DASHBOARD_FAILED' })
  }
  return { user, role: role as Role }
}
