import type { Gate } from '../access/gate.js'
import type { DashboardUser, ResolvedDashboardOptions } from '../options.js'
import { Problem } from '../problem.js'
import { json } from '../request-context.js'
import type { Operation } from '../router.js'

interface SessionRequest {
  readonly request: Request
  readonly gate: Gate
  readonly options: ResolvedDashboardOptions
  /** The path for which the cookie is valid. */
  readonly path: string
}

const MOST_BYTES = 10_000

/** A method of `api/session`. */
interface SessionOperation extends Operation {
  handle(asked: SessionRequest): Promise<Response> | Response
}

const common = { path: 'session', role: null, isWrite: false } as const
const USER = 'user, role, readOnly, label, signIn (token, host or local)'

/** The methods of `api/session`. The router does not serve them, because they are open before a user is signed in. */
export const sessionOperations: readonly SessionOperation[] = [
  {
    ...common,
    method: 'GET',
    summary: 'Who is signed in',
    answer: `${USER}; user is null while no user is`,
    handle: async (asked) => describeSession(await asked.gate.identify(asked.request), asked),
  },
  {
    ...common,
    method: 'POST',
    summary: 'Signs in by the token',
    body: { type: 'object', required: ['token'], properties: { token: { type: 'string' } } },
    answer: `${USER}, and a cookie`,
    handle: signIn,
  },
  {
    ...common,
    method: 'DELETE',
    summary: 'Signs out',
    answer: 'outcome: signed-out',
    handle: ({ request, gate, path }) => {
      const cookie = gate.session?.end(path, isSecure(request))
      return json({ outcome: 'signed-out' }, 200, cookie ? { 'set-cookie': cookie } : {})
    },
  },
]

/** `api/session`: gives the user (GET), signs in by the token (POST), signs out (DELETE). */
export async function answerSession(asked: SessionRequest): Promise<Response> {
  const { request, gate } = asked
  const method = request.method === 'HEAD' ? 'GET' : request.method
  gate.checkSource(request, method !== 'GET')
  const operation = sessionOperations.find((each) => each.method === method)
  if (!operation) throw new Problem(405, { detail: 'allowed: GET, POST, DELETE' })
  return await operation.handle(asked)
}

function describeSession(user: DashboardUser | null, { gate, options }: SessionRequest): Response {
  // A missing user is an answer, not an error: the page reads it before every other request.
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
    // A body that is no JSON holds no token.
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

/** Whether the browser uses TLS, to this server or to a proxy before it. */
function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https'
}
