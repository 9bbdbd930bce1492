import type { Gate } from '../access/gate.js'
import type { DashboardUser, ResolvedDashboardOptions } from '../options.js'
import { Problem } from '../problem.js'
import { json } from '../request-context.js'

interface SessionRequest {
  readonly request: Request
  readonly gate: Gate
  readonly options: ResolvedDashboardOptions
  /** The path that the cookie holds for. */
  readonly path: string
}

const MOST_BYTES = 10_000

/** `api/session`: who is signed in (GET), sign in by the token (POST), sign out (DELETE). */
export async function answerSession(asked: SessionRequest): Promise<Response> {
  const { request, gate } = asked
  gate.checkSource(request, request.method !== 'GET' && request.method !== 'HEAD')
  switch (request.method) {
    case 'GET':
    case 'HEAD':
      return describeSession(await gate.identify(request), asked)
    case 'POST':
      return await signIn(asked)
    case 'DELETE': {
      const cookie = gate.session?.end(asked.path, isSecure(request))
      return json({ outcome: 'signed-out' }, 200, cookie ? { 'set-cookie': cookie } : {})
    }
    default:
      throw new Problem(405, { detail: 'allowed: GET, POST, DELETE' })
  }
}

function describeSession(user: DashboardUser | null, { gate, options }: SessionRequest): Response {
  // Whether somebody is signed in is an answer, not an error: the page asks for it before anything else.
  if (user === null) return json({ user: null, signIn: gate.kind })
  const { readOnly, label } = options
  return json({ ...user, readOnly, label, signIn: gate.kind })
}

async function signIn({ request, gate, options, path }: SessionRequest): Promise<Response> {
  if (!gate.session) throw new Problem(409, { detail: 'this dashboard has no token to sign in with' })
  const text = await request.text()
  let token: unknown
  try {
    ;({ token } = JSON.parse(text.length > MOST_BYTES ? '{}' : text) as { token?: unknown })
  } catch {
    // What is no JSON holds no token.
  }
  if (typeof token !== 'string' || !gate.session.isToken(token)) {
    throw new Problem(401, { detail: 'this is not the token', code: 'ERR_DASHBOARD_SIGN_IN', signIn: gate.kind })
  }
  const user: DashboardUser = { user: options.actor, role: 'edit' }
  const cookie = gate.session.start(path, isSecure(request))
  return json({ ...user, readOnly: options.readOnly, label: options.label, signIn: gate.kind }, 200, {
    'set-cookie': cookie,
  })
}

/** Whether the browser speaks TLS, to this server or to a proxy before it. */
function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https'
}
