import { signal } from '@preact/signals'
import { BASE } from './location.js'
import type { Session } from './model.js'

/** A problem that the API answered, or that it could not be reached. */
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

/** Who is signed in; null before that is known. */
export const session = signal<Session | null>(null)

/** What does not answer, so that what is shown may be old: the server of the dashboard, or Redis behind it. */
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

/** The path of a schedule in the API, with what follows. */
export function schedulePath(name: string, rest = ''): string {
  return `schedules/${encodeURIComponent(name)}${rest === '' ? '' : `/${rest}`}`
}

/** Asks who is signed in. */
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
  // An answer that breaks off is none: it must not be taken for an empty one.
  if (response.ok) {
    // Who is signed in is known without Redis.
    if (path !== 'session') unreachable.value = null
    return (await response.json()) as Answer
  }
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.status === 503) unreachable.value = 'redis'
  if (response.status === 401 && path !== 'session') void loadSession()
  throw new ApiError(response.status, body)
}
