import type { Role } from './options.js'
import type { RequestContext } from './request-context.js'

/** The methods that the API knows. */
export type Method = 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE'

/** The description of one method of a path in `openapi.json`. */
export interface Operation {
  readonly method: Method
  /** Below `api/`, with `:name` for a segment: `schedules/:name/next`. */
  readonly path: string
  /** The lowest role that may use the route; null if no sign-in is needed. */
  readonly role: Role | null
  /** Whether the route changes anything: then a read-only dashboard refuses it. */
  readonly isWrite: boolean
  readonly summary: string
  /** Query parameters, each with its meaning. */
  readonly query?: Readonly<Record<string, string>>
  /** The JSON Schema of the body, for methods that have one. */
  readonly body?: object
  /** The answer after success, in words. */
  readonly answer: string
}

/** One route of the API, with its handler and its role. */
export interface Route extends Operation {
  readonly role: Role
  handle(context: RequestContext): Promise<Response> | Response
}

/** The route of a path, with the values of its `:segments`. */
export interface Match {
  readonly route: Route
  readonly parameters: Readonly<Record<string, string>>
}

/** Finds the route of a method and a path. */
export class Router {
  /** The routes with the segments of their paths, in the order they are tried. */
  readonly #routes: readonly { readonly route: Route; readonly segments: readonly string[] }[]

  constructor(routes: readonly Route[]) {
    this.#routes = routes.map((route) => ({ route, segments: route.path.split('/') }))
  }

  /** The match; or the methods that the path allows, none when it is unknown. */
  find(method: string, path: string): Match | { readonly allowed: readonly Method[] } {
    const segments = path.replace(/\/+$/, '').split('/')
    const allowed: Method[] = []
    for (const { route, segments: pattern } of this.#routes) {
      const parameters = matchSegments(pattern, segments)
      if (parameters === null) continue
      if (route.method === method || (method === 'HEAD' && route.method === 'GET')) return { route, parameters }
      allowed.push(route.method)
    }
    return { allowed }
  }
}

function matchSegments(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null
  const parameters: Record<string, string> = {}
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!
    if (!part.startsWith(':')) {
      // Some clients write the colon of `schedules:pause` as %3A.
      if (part !== segment && part !== decode(segment)) return null
      continue
    }
    const text = decode(segment)
    if (text === null || text === '') return null
    parameters[part.slice(1)] = text
  }
  return parameters
}

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment)
  } catch {
    return null
  }
}
