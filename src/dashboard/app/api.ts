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

/** Whether the last request reached the server. */
export const isReachable = signal(true)

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
    if (!(cause instanceof DOMException && cause.name === 'AbortError')) isReachable.value = false
    throw cause instanceof DOMException
      ? cause
      : new ApiError(0, { detail: 'The server of the dashboard does not answer.' })
  }
  isReachable.value = true
  // An answer that breaks off is none: it must not be taken for an empty one.
  if (response.ok) return (await response.json()) as Answer
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>
  if (response.status === 401 && path !== 'session') void loadSession()
  throw new ApiError(response.status, body)
}
