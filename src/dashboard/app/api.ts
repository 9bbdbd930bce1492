import { signal } from '@preact/signals'
import { BASE } from './location.js'
import type { Session } from './model.js'

/** A problem that the API answered, or the failure to reach it. */
export class ApiError extends Error {
  readonly status: number
  /** The members of the problem document. */
  readonly problem: Readonly<Record<string, unknown>>

  constructor(status: number, problem: Readonly<Record<string, unknown>>) {
    super(String(problem['detail'] ?? problem['title'] ?? 'The dashboard does not answer'))
    this.status = status
    this.problem = problem
  }
}

/** The signed-in user; null before it is known. */
export const session = signal<Session | null>(null)

/** The part that does not answer, so that the page may be old: the server of the dashboard, or Redis behind it. */
export const unreachable = signal<'server' | 'redis' | null>(null)

/** Reads from the API. @throws ApiError */
export function read<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return ask<Answer>(path, signal ? { signal } : {})
}

/** Writes to the API. @throws ApiError */
export function write<Answer>(method: string, path: string, body: unknown = {}, revision?: number): Promise<Answer> {
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-everybeat': '1' }
  if (revision !== undefined) headers['if-match'] = `"${revision}"`
  return ask<Answer>(path, { method, headers, body: JSON.stringify(body) })
}

/** The path of a schedule in the API, followed by `rest`. */
export function schedulePath(name: string, rest = ''): string {
  return `schedules/${encodeURIComponent(name)}${rest === '' ? '' : `/${rest}`}`
}

/** Reads the signed-in user. */
export async function loadSession(): Promise<void> {
  session.value = await read<Session>('session')
}

async function ask<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(`${BASE}api/${path}`, init)
  } catch (cause) {
    if (!(cause instanceof DOMException && cause.name === 'AbortError')) unreachable.value = 'server'
    throw cause instanceof DOMException
      ? cause
      : new ApiError(0, { detail: 'The server of the dashboard does not answer.' })
  }
  if (unreachable.value === 'server') unreachable.value = null
  // An interrupted answer is an error: it must not count as an empty answer.
  if (response.ok) {
    // The answer about the user does not need Redis.
    if (path !== 'session') unreachable.value = null
    return (await response.json()) as Answer
  }
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.status === 503) unreachable.value = 'redis'
  if (response.status === 401 && path !== 'session') void loadSession()
  throw new ApiError(response.status, body)
}
