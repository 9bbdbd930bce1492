import { EverybeatError } from '../index.js'

/** The role of a user: `view` reads; `operate` also pauses, resumes, runs and cancels; `edit` also edits and removes. */
export type Role = 'view' | 'operate' | 'edit'

/** The user of a request. */
export interface DashboardUser {
  /** The author in the change list of every schedule that this user edits. */
  user: string
  /** The role, which gives the rights of the user. */
  role: Role
}

/** The options of `createDashboard`. */
export interface DashboardOptions {
  /** The path below which the dashboard is served; default `/`. A mount that knows its path uses that instead. */
  basePath?: string | undefined
  /** Gives the user of a request, from the host application's own session or headers; null refuses the request. */
  authorize?: ((request: Request) => DashboardUser | null | Promise<DashboardUser | null>) | undefined
  /** The token of the dashboard: a user who sends it has all rights. Not together with `authorize`. */
  token?: string | undefined
  /** Removes secrets from a payload before it is shown; default: values of keys such as `password` are masked. */
  redact?: ((payload: unknown, schedule: string) => unknown) | undefined
  /** Refuses every write, whatever the role; default false. */
  readOnly?: boolean | undefined
  /** A name for this fleet in the corner of every page, such as its prefix; default none. */
  label?: string | undefined
  /** The author of edits where no user signs in, or all share one token; default `dashboard`. */
  actor?: string | undefined
}

/** Checked {@link DashboardOptions}. */
export interface ResolvedDashboardOptions {
  /** `/` or `/admin/beat/`: begins and ends with a slash. */
  readonly basePath: string
  readonly authorize: NonNullable<DashboardOptions['authorize']> | null
  readonly token: string | null
  readonly redact: NonNullable<DashboardOptions['redact']> | null
  readonly readOnly: boolean
  readonly label: string | null
  readonly actor: string
}

/** The roles; each has the rights of the earlier ones too. */
export const ROLES: readonly Role[] = ['view', 'operate', 'edit']

const NAMES = ['basePath', 'authorize', 'token', 'redact', 'readOnly', 'label', 'actor']

/** Checks the options. @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` naming the option and what is allowed */
export function resolveDashboardOptions(options: DashboardOptions = {}): ResolvedDashboardOptions {
  if (typeof options !== 'object' || options === null) throw refuse('options', options, 'an object')
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name))
  if (unknown !== undefined) throw refuse(unknown, (options as Record<string, unknown>)[unknown], NAMES.join(', '))
  const { authorize, token, redact, readOnly = false, label, actor = 'dashboard' } = options
  if (authorize !== undefined && typeof authorize !== 'function') throw refuse('authorize', authorize, 'a function')
  if (redact !== undefined && typeof redact !== 'function') throw refuse('redact', redact, 'a function')
  if (typeof readOnly !== 'boolean') throw refuse('readOnly', readOnly, 'true or false')
  if (token !== undefined && (typeof token !== 'string' || token.trim() === '')) {
    // A secret is not repeated in a message.
    throw refuse('token', '***', 'text that is not empty; leave it out for a dashboard on the loopback only')
  }
  if (token !== undefined && authorize !== undefined) throw refuse('token', '***', 'authorize or token, not both')
  for (const [name, text] of Object.entries({ label, actor })) {
    if (text !== undefined && (typeof text !== 'string' || text === '')) throw refuse(name, text, 'text')
  }
  return Object.freeze({
    basePath: normalizeBasePath(options.basePath ?? '/'),
    authorize: authorize ?? null,
    token: token ?? null,
    redact: redact ?? null,
    readOnly,
    label: label ?? null,
    actor,
  })
}

/**
 * A base path with a slash at both ends: `admin/beat` becomes `/admin/beat/`.
 *
 * @throws EverybeatError `ERR_EVERYBEAT_OPTIONS` for a text that is no path
 */
export function normalizeBasePath(value: unknown): string {
  const allowed = 'a path such as /admin/beat of letters, digits and -._~%'
  if (typeof value !== 'string') throw refuse('basePath', value, allowed)
  const parts = value.split('/').filter((part) => part !== '')
  if (parts.some((part) => !/^[\w\-.~%]+$/.test(part) || /^\.+$/.test(part))) throw refuse('basePath', value, allowed)
  return parts.length === 0 ? '/' : `/${parts.join('/')}/`
}

function refuse(field: string, value: unknown, allowed: string): EverybeatError {
  const shown = typeof value === 'string' ? JSON.stringify(value) : typeof value
  return new EverybeatError('ERR_EVERYBEAT_OPTIONS', `${field}: ${shown} cannot be used; allowed: ${allowed}`, {
    field,
    ...(field === 'token' ? {} : { value }),
  })
}
